import { expect, test } from 'vitest'
import { Holdings, isHeld, type RulesOf } from './holdings'

const group = (name: string, more: Partial<RulesOf> = {}): RulesOf => ({ group: name, inherits: [], grants: [], restrictions: [], badRow: false, ...more })

const desk = group('Desk', { grants: ['orders:view', 'orders.*:view', 'orders:update'] })
const trainees = group('Trainees', { inherits: ['Desk'], restrictions: ['orders:update'] })
const interns = group('Interns', { inherits: ['Trainees'], grants: ['orders:update', 'stock:view'] })
const all = new Holdings([desk, trainees, interns, group('Broken', { grants: ['orders:view'], badRow: true }), group('Heirs', { inherits: ['Broken'] })])

test('a grant of exactly the permission is direct', () => {
  expect(all.of('Desk', 'orders:update')).toMatchObject({ direct: true, wildcard: undefined, inherited: undefined })
})

test('a wildcard is told apart from a direct grant', () => {
  expect(all.of('Desk', 'orders.old:view')).toMatchObject({ direct: false, wildcard: 'orders.*:view' })
})

test('what is inherited names the nearest group that has the rule', () => {
  expect(all.of('Interns', 'orders:view').inherited).toEqual({ group: 'Desk', pattern: 'orders:view' })
  expect(all.of('Interns', 'stock:view').inherited).toBeUndefined()
})

test('an inherited restriction outweighs a direct grant', () => {
  const holding = all.of('Interns', 'orders:update')
  expect(holding).toMatchObject({ direct: true, restricted: { group: 'Trainees', pattern: 'orders:update' } })
  expect(isHeld(holding)).toBe(false)
})

test('restrictions don’t reach the group that is inherited', () => {
  expect(isHeld(all.of('Desk', 'orders:update'))).toBe(true)
})

test('a bad row denies everything, also to those that inherit it', () => {
  expect(isHeld(all.of('Broken', 'orders:view'))).toBe(false)
  expect(all.of('Heirs', 'orders:view').badRow).toBe(true)
})

test('a group that nobody knows holds nothing', () => {
  expect(isHeld(all.of('Nowhere', 'orders:view'))).toBe(false)
})

test('groups that inherit each other end', () => {
  const circle = new Holdings([group('A', { inherits: ['B'] }), group('B', { inherits: ['A'], grants: ['a:b'] })])
  expect(circle.of('A', 'a:b').inherited).toEqual({ group: 'B', pattern: 'a:b' })
})
