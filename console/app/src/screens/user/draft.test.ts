import { expect, test } from 'vitest'
import { counts, endIn, isEmpty, newDraft, onto, operations, setEnd, since } from './draft'

const friday = '2027-01-01T00:00:00Z'
const user = {
  id: 'c/d',
  known: true,
  etag: '"7-aa"',
  version: 7,
  groups: [{ group: 'Desk' }, { group: 'Night desk', until: friday }],
  permissions: { grants: ['a:view'], restrictions: [] },
  effective: [],
}

test('an edit and its opposite leave no trace', () => {
  const draft = setEnd(newDraft(user), 'Desk', null)
  expect(counts(draft)).toEqual({ added: 0, removed: 1, changed: 0 })
  expect(endIn(draft, 'Desk')).toBeNull()
  expect(isEmpty(setEnd(draft, 'Desk', 'never'))).toBe(true)
  expect(isEmpty(setEnd(newDraft(user), 'Night desk', '2027-01-01T01:00:00+01:00'))).toBe(true)
})

test('each membership becomes an operation, after one that compares the version', () => {
  let draft = setEnd(newDraft(user), 'Finance', friday)
  draft = setEnd(draft, 'Night desk', 'never')
  draft = setEnd(draft, 'Desk', null)
  expect(counts(draft)).toEqual({ added: 1, removed: 1, changed: 1 })
  expect(operations('c/d', draft, true)).toEqual([
    { method: 'PATCH', path: '/users/c%2Fd/permissions', if_match: '"7-aa"', body: { grant: [], revoke: [], restrict: [], lift: [] } },
    { method: 'PUT', path: '/groups/Finance/members/c%2Fd?until=2027-01-01T00%3A00%3A00Z' },
    { method: 'PUT', path: '/groups/Night%20desk/members/c%2Fd?until=never' },
    { method: 'DELETE', path: '/groups/Desk/members/c%2Fd' },
  ])
  expect(operations('c/d', draft, false)[0]?.method).toBe('PUT')
})

test('what someone else did since is told apart, and what both did is left out of the draft', () => {
  let draft = setEnd(newDraft(user), 'Finance', 'never')
  draft = setEnd(draft, 'Desk', null)
  const now = { ...user, etag: '"8-bb"', version: 8, groups: [{ group: 'Finance' }, { group: 'Desk' }], permissions: { grants: [], restrictions: [] } }
  const theirs = since(draft.base, now)
  expect(theirs.ends).toEqual({ 'Night desk': null, 'Finance': 'never' })
  expect(theirs.rules.revoke).toEqual(['a:view'])
  const moved = onto(draft, now)
  expect(moved.base.etag).toBe('"8-bb"')
  expect(moved.ends).toEqual({ Desk: null })
})
