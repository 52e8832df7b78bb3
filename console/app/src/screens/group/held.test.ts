import { expect, test } from 'vitest'
import type { Rules } from '../../lib/delta'
import { free, inheritedStatus, sources, statuses } from './held'

const rules = [
  { group: 'A', inherits: ['B', 'C'], grants: ['own:x'], restrictions: [], badRow: false },
  { group: 'B', inherits: ['D'], grants: ['b.*:view'], restrictions: [], badRow: false },
  { group: 'C', inherits: ['D'], grants: [], restrictions: ['b.one:view'], badRow: false },
  { group: 'D', inherits: ['A'], grants: ['d:x'], restrictions: [], badRow: false },
]

const judge = (inherits: string[], own: Rules = rules[0]!) => {
  const found = sources('A', inherits, rules)
  const permissions = ['own:x', 'b.one:view', 'b.two:view', 'd:x', 'none:x']
  return statuses(new Map(permissions.map((permission) => [permission, inheritedStatus(permission, found)])), own)
}

test('inheritance is followed to its end, by the shortest way, and not in circles', () => {
  expect(sources('A', ['B', 'C'], rules).map((source) => source.path)).toEqual([['A', 'B'], ['A', 'C'], ['A', 'B', 'D']])
  expect(sources('A', ['C'], rules).map((source) => source.path)).toEqual([['A', 'C'], ['A', 'C', 'D']])
})

test('each permission has all of its origins', () => {
  const status = judge(['B', 'C'])
  expect(status.get('own:x')).toMatchObject({ direct: true, held: true })
  expect(status.get('b.two:view')).toMatchObject({ direct: false, from: 'B', by: 'b.*:view', held: true })
  expect(status.get('d:x')).toMatchObject({ from: 'D', path: ['A', 'B', 'D'], held: true })
  expect(status.get('none:x')).toMatchObject({ granted: false, held: false })
})

test('a restriction wins over every grant', () => {
  expect(judge(['B', 'C']).get('b.one:view')).toMatchObject({ granted: true, denied: true, restrictedFrom: 'C', held: false })
  const own = { ...rules[0]!, restrictions: ['own:*'] }
  expect(judge([], own).get('own:x')).toMatchObject({ direct: true, ownRestriction: 'own:*', held: false })
})

test('a tick decides only where nothing else does', () => {
  const status = judge(['B', 'C'])
  expect(free(status.get('own:x'))).toBe(true)
  expect(free(status.get('none:x'))).toBe(true)
  expect(free(status.get('b.two:view'))).toBe(false)
  expect(free(status.get('b.one:view'))).toBe(false)
})
