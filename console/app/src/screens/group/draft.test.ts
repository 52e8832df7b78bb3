import { expect, test } from 'vitest'
import { noDelta } from '../../lib/delta'
import { begin, count, operations, rebase, theirs, tidy, type Version } from './draft'

const base: Version = { etag: '"1-a"', name: 'Desk', description: 'Sits there', inherits: ['A'], rules: { grants: ['a:view'], restrictions: [] } }

test('a draft that changes nothing is none', () => {
  expect(tidy({ ...begin(base), name: 'Desk', description: 'Sits there', inherits: ['A'] }, base)).toBeUndefined()
  expect(tidy({ ...begin(base), name: 'Table' }, base)?.name).toBe('Table')
})

test('everything of a draft is saved at once, by the new name, and only what changed', () => {
  const draft = { ...begin(base), name: 'Table', delta: { ...noDelta, grant: ['b:view'] }, add: { cleo: 'never' }, ends: { 'a b': '2030-01-01T00:00:00Z' }, remove: ['ben'] }
  expect(operations(draft)).toEqual({
    operations: [
      { method: 'PATCH', path: '/groups/Desk', body: { name: 'Table', description: undefined, inherits: undefined }, if_match: '"1-a"' },
      { method: 'PATCH', path: '/groups/Table/permissions', body: { grant: ['b:view'] }, if_match: '"1-a"' },
      { method: 'PATCH', path: '/groups/Table/members', body: { remove: ['ben'] } },
      { method: 'PUT', path: '/groups/Table/members/cleo?until=never' },
      { method: 'PUT', path: '/groups/Table/members/a%20b?until=2030-01-01T00%3A00%3A00Z' },
    ],
  })
  expect(count(draft, base)).toEqual({ added: 2, removed: 1, changed: 2 })
})

test('what one save has no room for stays in the draft', () => {
  const grant = Array.from({ length: 1500 }, (_, i) => `p${i}:view`)
  const first = operations({ ...begin(base), delta: { ...noDelta, grant }, remove: ['ben'] })
  expect(first.operations).toHaveLength(1)
  expect(first.rest?.delta.grant).toEqual(grant.slice(1000))
  const second = operations(rebase(first.rest!, { ...base, etag: '"2-b"' })!)
  expect(second.rest).toBeUndefined()
  expect(second.operations.map((o) => [o.path, o.if_match])).toEqual([['/groups/Desk/permissions', '"2-b"'], ['/groups/Desk/members', undefined]])
})

test('on a new version the draft goes on without what is so already, and theirs is told apart', () => {
  const draft = { ...begin(base), name: 'Table', delta: { ...noDelta, grant: ['b:view', 'c:view'], revoke: ['a:view'] } }
  const now: Version = { ...base, etag: '"2-b"', name: 'Table', rules: { grants: ['c:view'], restrictions: ['d:view'] } }
  expect(theirs(draft, now)).toMatchObject({ name: 'Table', description: undefined, inherits: undefined, delta: { grant: ['c:view'], revoke: ['a:view'], restrict: ['d:view'], lift: [] } })
  expect(rebase(draft, now)).toEqual({ ...begin(now), delta: { ...noDelta, grant: ['b:view'] } })
})
