import { expect, test } from 'vitest'
import { all, filter, matching, tree } from './catalog'

const catalog = [
  { permission: 'clients.profiles:view', label: 'View client profiles', category: ['Clients', 'Profiles'] },
  { permission: 'finance.operations:view', label: 'View operations', category: ['Finance'] },
  { permission: 'clients.notes:view', label: 'View notes', category: ['Clients'] },
]

test('a tree keeps the order of the catalog', () => {
  const categories = tree(catalog)
  expect(categories.map((c) => c.name)).toEqual(['Clients', 'Finance'])
  expect(all(categories[0]!).map((e) => e.permission)).toEqual(['clients.notes:view', 'clients.profiles:view'])
})

test('permissions without a category come first', () => {
  const categories = tree([...catalog, { permission: 'a:b', label: 'A', category: [] }])
  expect(categories.map((c) => c.name)).toEqual(['', 'Clients', 'Finance'])
  expect(all(categories[0]!).map((e) => e.permission)).toEqual(['a:b'])
})

test('a search keeps the categories above what it finds', () => {
  const found = filter(tree(catalog), matching('profiles view'))
  expect(found.flatMap(all).map((e) => e.permission)).toEqual(['clients.profiles:view'])
  expect(found[0]?.name).toBe('Clients')
})

test('a search finds codes and whole categories, without regard to case and accents', () => {
  expect(filter(tree(catalog), matching('FINANCE')).flatMap(all)).toHaveLength(1)
  expect(filter(tree(catalog), matching('nòtes:view')).flatMap(all)).toHaveLength(1)
})
