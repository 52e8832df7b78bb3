import { expect, test } from 'vitest'
import { covers, Matcher, split } from './patterns'

test.each([
  ['clients.profiles:view', 'clients.profiles:view', true],
  ['clients.*:view', 'clients.profiles:view', true],
  ['clients.*:view', 'clients.requests.deposit:view', true],
  ['clients.*:view', 'clients.profiles:update', false],
  ['clients.*:view', 'clients:view', false],
  ['clients.*:*', 'clients.profiles:delete', true],
  ['*:*', 'anything:at.all', true],
  ['*:view', 'finance.operations:view', true],
  ['/orders/*:GET', '/orders/:id:GET', true],
  ['/orders:GET', '/orders/:id:GET', false],
])('%s covers %s: %s', (pattern, permission, expected) => {
  expect(covers(pattern, permission)).toBe(expected)
})

test('a permission is cut at its last colon', () => {
  expect(split('/users/:id:GET')).toEqual(['/users/:id', 'GET'])
})

test('a matcher prefers the permission itself', () => {
  const rules = new Matcher(['a.*:*', 'a.b:c'])
  expect(rules.find('a.b:c')).toBe('a.b:c')
  expect(rules.wildcard('a.b:c')).toBe('a.*:*')
  expect(rules.find('a.x:y')).toBe('a.*:*')
  expect(rules.find('b.x:y')).toBeUndefined()
})
