import { expect, test } from 'vitest'
import { added, apply, difference, edit, noDelta, rebase, removed } from './delta'

const rules = { grants: ['a:view', 'b:view'], restrictions: ['c:view'] }

test('an edit and its opposite leave no trace', () => {
  const granted = edit(noDelta, rules, 'grant', 'd:view', true)
  expect(granted.grant).toEqual(['d:view'])
  expect(edit(granted, rules, 'grant', 'd:view', false)).toEqual(noDelta)
  const lifted = edit(noDelta, rules, 'restrict', 'c:view', false)
  expect(lifted.lift).toEqual(['c:view'])
  expect(edit(lifted, rules, 'restrict', 'c:view', true)).toEqual(noDelta)
})

test('applying a difference makes one set of rules of another', () => {
  const to = { grants: ['b:view', 'e:view'], restrictions: [] }
  const delta = difference(rules, to)
  expect(apply(delta, rules)).toEqual(to)
  expect([added(delta), removed(delta)]).toEqual([1, 2])
})

test('what someone else has already done is left out', () => {
  const delta = { grant: ['d:view', 'e:view'], revoke: ['a:view', 'b:view'], restrict: ['f:view'], lift: ['c:view'] }
  const now = { grants: ['a:view', 'd:view'], restrictions: ['f:view'] }
  expect(rebase(delta, now)).toEqual({ grant: ['e:view'], revoke: ['a:view'], restrict: [], lift: [] })
})
