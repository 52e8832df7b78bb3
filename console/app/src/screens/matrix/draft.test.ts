import { expect, test } from 'vitest'
import type { RulesOfGroup } from '../../api/queries'
import { conflict, counts, mostEdits, onNew, operations, toggle, withDraft, type Draft } from './draft'

const group = (name: string, grants: string[]): RulesOfGroup => ({ group: name, path: [name], inherits: [], grants, restrictions: [], complete: true, badRow: false })
const desk = group('Desk', ['orders:view', 'orders.*:view'])
const stock = group('Stock', [])
const gone = (name: string) => `${name} is gone`

function ticked(...ticks: [RulesOfGroup, string][]): Draft {
  return ticks.reduce<Draft>((draft, [of, permission]) => toggle(draft, of, permission) ?? draft, {})
}

test('ticks in two groups become two operations of one change', () => {
  const draft = ticked([desk, 'orders:update'], [desk, 'orders:view'], [stock, 'stock:view'])
  expect(counts(draft)).toEqual({ added: 2, removed: 1 })
  expect(operations(draft, { Desk: '"1"', Stock: '"2"' })).toEqual([
    { method: 'PATCH', path: '/groups/Desk/permissions', if_match: '"1"', body: { grant: ['orders:update'], revoke: ['orders:view'], restrict: [], lift: [] } },
    { method: 'PATCH', path: '/groups/Stock/permissions', if_match: '"2"', body: { grant: ['stock:view'], revoke: [], restrict: [], lift: [] } },
  ])
})

test('a second tick leaves no trace', () => {
  expect(ticked([desk, 'orders:update'], [desk, 'orders:update'])).toEqual({})
})

test('a draft shows in its group alone', () => {
  const [newDesk, newStock] = withDraft([desk, stock], ticked([desk, 'orders:view']))
  expect(newDesk?.grants).toEqual(['orders.*:view'])
  expect(newStock).toBe(stock)
})

test('a draft has no more than one change may have', () => {
  let draft: Draft = {}
  for (let i = 0; i < mostEdits; i++) draft = toggle(draft, stock, `stock:action${i}`)!
  expect(counts(draft).added).toBe(mostEdits)
  expect(toggle(draft, stock, 'stock:more')).toBeUndefined()
  expect(toggle(draft, stock, 'stock:action1')).toBeDefined()
})

test('what someone else did to a group of the draft is a conflict', () => {
  const draft = ticked([desk, 'orders:update'])
  const now = { ...desk, grants: ['orders.*:view', 'stock:view'] }
  expect(conflict(draft, [now, stock], gone)).toMatchObject({
    group: 'Desk',
    yours: [{ what: 'added', text: 'Desk: orders:update' }],
    theirs: [{ what: 'added', text: 'Desk: stock:view' }, { what: 'removed', text: 'Desk: orders:view' }],
  })
  expect(onNew(draft, [now, stock]).Desk?.base.grants).toEqual(['orders.*:view', 'stock:view'])
})

test('changes to other groups, and the same change, are no conflict', () => {
  const draft = ticked([desk, 'orders:update'])
  expect(conflict(draft, [desk, { ...stock, grants: ['stock:view'] }], gone)).toBeUndefined()
  const same = { ...desk, grants: [...desk.grants, 'orders:update'] }
  expect(conflict(draft, [same], gone)).toBeUndefined()
  expect(onNew(draft, [same])).toEqual({})
})

test('a group that was deleted is a conflict, and its edits end', () => {
  const draft = ticked([desk, 'orders:update'], [stock, 'stock:view'])
  expect(conflict(draft, [stock], gone)?.theirs).toEqual([{ key: 'Desk', what: 'removed', text: 'Desk is gone' }])
  expect(Object.keys(onNew(draft, [stock]))).toEqual(['Stock'])
})
