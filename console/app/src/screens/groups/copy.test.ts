import { expect, test } from 'vitest'
import { creation } from './copy'

const empty = { name: 'N', description: '', inherits: [], rules: { grants: [], restrictions: [] }, members: [] }

test('members are copied with their ends', () => {
  const { operations, rest } = creation({ ...empty, members: [{ user: 'a' }, { user: 'b', until: '2030-01-01T00:00:00Z' }, { user: 'c' }] })
  expect(operations.slice(1)).toEqual([
    { method: 'PATCH', path: '/groups/N/members', body: { add: ['a', 'c'], until: 'never' } },
    { method: 'PATCH', path: '/groups/N/members', body: { add: ['b'], until: '2030-01-01T00:00:00Z' } },
  ])
  expect(rest).toBeUndefined()
})

test('what one save has no room for becomes a draft of the new group', () => {
  const grants = Array.from({ length: 1200 }, (_, i) => `p${i}:view`)
  const { operations, rest, left } = creation({ ...empty, rules: { grants, restrictions: ['r:view'] }, members: [{ user: 'a' }] })
  expect(operations).toHaveLength(1)
  expect(left).toBe(202)
  expect(rest).toMatchObject({ delta: { grant: grants.slice(1000), restrict: ['r:view'] }, add: { a: 'never' } })
})
