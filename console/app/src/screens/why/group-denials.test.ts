import { expect, test } from 'vitest'
import { groupDenials } from './group-denials'

const denial = (id: string, user: string, minute: number, more = {}) => ({
  id, user, at: `2026-03-01T10:0${minute}:00Z`, method: 'POST', route: '/requests/:id/approve', required: ['a:x', 'b:x'], one_is_enough: false,
  missing: ['a:x', 'b:x'], revision: 3, suppressed: 0, ...more,
})

test('denials for the same reason are one item, the last first', () => {
  const groups = groupDenials([
    denial('4', 'cleo', 4),
    denial('3', 'gita', 3, { route: '/settings', missing: ['a:x'] }),
    denial('2', 'ben', 2, { missing: ['b:x', 'a:x'], suppressed: 5 }),
    denial('1', 'cleo', 1),
  ])
  expect(groups.map((group) => [group.route, group.count, group.users, group.last.id])).toEqual([
    ['/requests/:id/approve', 8, ['cleo', 'ben'], '4'],
    ['/settings', 1, ['gita'], '3'],
  ])
})

test('other permissions are another reason', () => {
  expect(groupDenials([denial('1', 'cleo', 1), denial('2', 'cleo', 2, { missing: ['a:x'] })])).toHaveLength(2)
})
