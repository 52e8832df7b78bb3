import { path, type Operation } from '../../api/operation'
import { noDelta, type Rules } from '../../lib/delta'
import { begin, type Draft } from '../group/draft'

/** New is a group that is to be created. */
export interface New {
  name: string
  description: string
  inherits: string[]
  rules: Rules
  members: { user: string; until?: string }[]
}

const mostItems = 1000
const mostOperations = 90

/** Creation is what creates a group, and the draft in it for what doesn't fit into one save. */
export function creation({ name, description, inherits, rules, members }: New): { operations: Operation[]; rest?: Draft; left: number } {
  const grants = rules.grants.slice(0, mostItems)
  const restrictions = rules.restrictions.slice(0, mostItems - grants.length)
  const byEnd = new Map<string, New['members']>()
  for (const member of members.slice(0, mostItems - grants.length - restrictions.length)) {
    const end = member.until ?? 'never'
    byEnd.set(end, [...(byEnd.get(end) ?? []), member])
  }
  const ends = [...byEnd].slice(0, mostOperations)
  const operations: Operation[] = [
    { method: 'POST', path: '/groups', body: { name, description, inherits, permissions: { grants, restrictions } } as unknown as Operation['body'] },
    ...ends.map(([until, list]) => ({
      method: 'PATCH' as const,
      path: path('groups', name, 'members'),
      body: { add: list.map((member) => member.user), until } as unknown as Operation['body'],
    })),
  ]
  const put = new Set(ends.flatMap(([, list]) => list))
  const waiting = members.filter((member) => !put.has(member))
  const delta = { ...noDelta, grant: rules.grants.slice(grants.length), restrict: rules.restrictions.slice(restrictions.length) }
  const left = delta.grant.length + delta.restrict.length + waiting.length
  if (left === 0) return { operations, left }
  const base = { etag: '', name, description, inherits, rules: { grants, restrictions } }
  const add = Object.fromEntries(waiting.map((member) => [member.user, member.until ?? 'never']))
  return { operations, left, rest: { ...begin(base), delta, add } }
}
