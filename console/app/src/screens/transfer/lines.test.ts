import { expect, test } from 'vitest'
import { fields, lineAt, linesOf } from './lines'

test.each([
  ['p, group:Finance, finance.*, *, allow', ['p', 'group:Finance', 'finance.*', '*', 'allow']],
  ['g,dana,group:Finance', ['g', 'dana', 'group:Finance']],
  ['p, "a, b", "say ""x""", view', ['p', 'a, b', 'say "x"', 'view']],
  ['g, dana,', ['g', 'dana', '']],
  ['', []],
])('the fields of %j', (line, expected) => {
  expect(fields(line)).toEqual(expected)
})

test('rules are found in the lines of a file', () => {
  const file = '# a comment\np, group:Finance, finance.*, *\r\n\np, dana, a:b, view, deny\ng, dana, group:Finance\ng, group:Finance, group:Staff'
  const grant = { rule: 'grant' as const, subject: 'group:Finance', pattern: 'finance.*:*' }
  const restriction = { rule: 'restriction' as const, subject: 'dana', pattern: 'a:b:view' }
  const member = { rule: 'member' as const, subject: 'dana', group: 'Finance' }
  const inherit = { rule: 'inherit' as const, subject: 'group:Finance', group: 'Staff' }
  const other = { rule: 'grant' as const, subject: 'Finance', pattern: 'finance.*:*' }
  const found = linesOf(file, [grant, restriction, member, inherit, other])
  expect([grant, restriction, member, inherit, other].map((rule) => found.get(rule))).toEqual([2, 4, 5, 6, undefined])
})

test('a file without marks of groups is read by bare names', () => {
  const grant = { rule: 'grant' as const, subject: 'group:Finance', pattern: 'finance.*:*' }
  const member = { rule: 'member' as const, subject: 'dana', group: 'Finance' }
  const found = linesOf('p, Finance, finance.*, *\ng, dana, Finance', [grant, member])
  expect([found.get(grant), found.get(member)]).toEqual([1, 2])
})

test('a line and where it begins', () => {
  expect(lineAt('a\r\nbc\nd', 2)).toEqual({ start: 3, text: 'bc' })
  expect(lineAt('a\r\nbc\nd', 1)).toEqual({ start: 0, text: 'a' })
  expect(lineAt('a', 9)).toEqual({ start: 1, text: '' })
})
