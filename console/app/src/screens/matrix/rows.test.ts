import { expect, test } from 'vitest'
import { Holdings } from '../../lib/holdings'
import { differ, rows } from './rows'

const catalog = [
  { permission: 'clients:view', label: 'View clients', category: ['Clients'] },
  { permission: 'clients:update', label: 'Edit clients', category: ['Clients'] },
  { permission: 'notes:view', label: 'View notes', category: ['Clients', 'Notes'] },
  { permission: 'a:b', label: 'A', category: [] },
]
const names = (list: ReturnType<typeof rows>) => list.map((row) => row.entry?.permission ?? row.category.join(' > '))

test('permissions stand under their categories', () => {
  expect(names(rows(catalog, '', () => true))).toEqual(['a:b', 'Clients', 'clients:view', 'clients:update', 'Clients > Notes', 'notes:view'])
})

test('a category without permissions that are kept is left out', () => {
  expect(names(rows(catalog, 'view', (entry) => entry.permission !== 'clients:view'))).toEqual(['Clients > Notes', 'notes:view'])
})

test('groups differ where one holds a permission and another doesn’t', () => {
  const group = (name: string, grants: string[], inherits: string[] = []) => ({ group: name, inherits, grants, restrictions: [], badRow: false })
  const holdings = new Holdings([group('A', ['clients:*']), group('B', [], ['A']), group('C', ['notes:view'])])
  expect(differ(holdings, ['A', 'B', 'C'], 'clients:view')).toBe(true)
  expect(differ(holdings, ['A', 'B'], 'clients:view')).toBe(false)
  expect(differ(holdings, ['A', 'B'], 'notes:view')).toBe(false)
  expect(differ(holdings, [], 'notes:view')).toBe(false)
})
