import { expect, test } from 'vitest'
import { tree } from '../../lib/catalog'
import { place, wildcardOf } from './wildcards'

const entry = (permission: string, ...category: string[]) => ({ permission, label: permission, category })
const category = (...permissions: string[]) => tree(permissions.map((permission) => entry(permission, 'C')))[0]!

test.each([
  [['a.x:view', 'a.y:view', 'a.y:edit'], 'a.*:*'],
  [['a:view', 'a:edit', 'a:delete'], 'a:*'],
  [['a.b:view', 'a.b.c:view', 'a.b.d:view'], 'a.*:*'], // a.b.* doesn't cover a.b itself
  [['/orders/:id:GET', '/orders/new:GET', '/orders/:id:PUT'], '/orders/*:*'],
  [['abc:view', 'abd:view', 'abe:view'], undefined], // a star stands for whole segments
  [['a:view', 'b:view', 'c:view'], undefined],
  [['a.x:view', 'a.y:view'], undefined], // two permissions are ticked as quickly
])('the wildcard of %j is %s', (permissions, wildcard) => {
  expect(wildcardOf(category(...permissions))).toBe(wildcard)
})

test('a wildcard is shown at the innermost category that has all that it covers, and nothing is lost', () => {
  const catalog = [entry('a.x:view', 'A', 'X'), entry('a.x:edit', 'A', 'X'), entry('a.y:view', 'A', 'Y'), entry('b:view', 'B')]
  const { at, elsewhere } = place(catalog, ['a.x:*', 'a.*:view', '*:view', 'gone.*:*', 'gone:view', 'b:view'])
  expect(Object.fromEntries(at)).toEqual({ 'A › X': ['a.x:*'], A: ['a.*:view'] })
  expect(elsewhere).toEqual(['*:view', 'gone.*:*', 'gone:view'])
})
