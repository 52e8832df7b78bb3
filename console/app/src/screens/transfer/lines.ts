import type { Schemas } from '../../api/problem'

type Rule = Schemas['ChangedRule']

/** Fields splits a line of Casbin's CSV; quoted fields may have commas in them. The server decides what a line means. */
export function fields(line: string): string[] {
  const found = line.match(/\s*("(?:[^"]|"")*"|[^,]*)\s*(?:,|$)/g) ?? []
  const texts = found.map((part) => part.replace(/,$/, '').trim())
  if (texts.at(-1) === '' && !line.trimEnd().endsWith(',')) texts.pop()
  return texts.map((text) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text))
}

const separator = '\u0000'

function keyOfRule(rule: Rule, bare: boolean): string {
  const name = (text: string) => (bare ? text.replace(/^group:/, '') : text)
  if (rule.pattern !== undefined) {
    const at = rule.pattern.lastIndexOf(':')
    const effect = rule.rule === 'grant' ? 'allow' : 'deny'
    return ['p', name(rule.subject), rule.pattern.slice(0, at), rule.pattern.slice(at + 1), effect].join(separator)
  }
  return ['g', name(rule.subject), name('group:' + (rule.group ?? ''))].join(separator)
}

function keyOfLine(line: string): string {
  const [kind, ...rest] = fields(line)
  if (kind === 'p' && rest.length === 3) rest.push('allow')
  return [kind, ...rest].join(separator)
}

/**
 * LinesOf finds the line of a file, from 1, that each of a few rules stands in. In a file that marks no group, bare names
 * are compared, as the server reads them.
 */
export function linesOf(text: string, rules: Rule[]): Map<Rule, number> {
  const bare = !/(^|[\s,"])group:/m.test(text)
  const wanted = new Map(rules.map((rule) => [keyOfRule(rule, bare), rule]))
  const found = new Map<Rule, number>()
  let number = 0
  for (let start = 0; start <= text.length && wanted.size > 0; number++) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end < 0 ? undefined : end)
    const key = keyOfLine(line.replace(/^\uFEFF/, ''))
    const rule = wanted.get(key)
    if (rule) {
      found.set(rule, number + 1)
      wanted.delete(key)
    }
    if (end < 0) break
    start = end + 1
  }
  return found
}

/** LineAt is a line of a text, from 1, and where it begins. */
export function lineAt(text: string, number: number): { start: number; text: string } {
  let start = 0
  for (let i = 1; i < number; i++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return { start: text.length, text: '' }
    start = end + 1
  }
  const end = text.indexOf('\n', start)
  return { start, text: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '') }
}
