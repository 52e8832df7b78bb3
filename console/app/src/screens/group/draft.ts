import { path, type Operation } from '../../api/operation'
import { added, difference, noDelta, rebase as rebaseRules, removed, type Delta, type Rules } from '../../lib/delta'
import type { End } from '../../ui/ends'

/** Version is what of a group has a version. Its members have none. */
export interface Version {
  etag: string
  name: string
  description: string
  inherits: string[]
  rules: Rules
}

/** Draft is what is edited of a group: what it does to the group, and the version that the person saw. Without an ETag it begins with the present version. */
export interface Draft {
  base: Version
  delta: Delta
  name?: string
  description?: string
  inherits?: string[]
  add: Record<string, End> // users to add, with the end of their membership
  ends: Record<string, End> // new ends of members
  remove: string[]
}

export function begin(base: Version): Draft {
  return { base, delta: noDelta, add: {}, ends: {}, remove: [] }
}

const same = (a: string[], b: string[]) => a.length === b.length && a.every((item) => b.includes(item))

/** Tidy leaves out what is so already; a draft without anything is none. */
export function tidy(draft: Draft, now: Version): Draft | undefined {
  const next = { ...draft }
  if (next.name === now.name) delete next.name
  if (next.description === now.description) delete next.description
  if (next.inherits && same(next.inherits, now.inherits)) delete next.inherits
  return editsGroup(next) || editsMembers(next) ? next : undefined
}

/** EditsGroup reports whether the draft edits what has a version. */
export const editsGroup = (draft: Draft) =>
  added(draft.delta) + removed(draft.delta) > 0 || draft.name !== undefined || draft.description !== undefined || draft.inherits !== undefined

const editsMembers = ({ add, ends, remove }: Draft) => Object.keys(add).length + Object.keys(ends).length + remove.length > 0

/** Rebase puts the draft on a new version. */
export function rebase(draft: Draft, now: Version): Draft | undefined {
  return tidy({ ...draft, base: now, delta: rebaseRules(draft.delta, now.rules) }, now)
}

export interface Counts {
  added: number
  removed: number
  changed: number
}

export function count(draft: Draft, now: Version): Counts {
  const inherits = draft.inherits ?? now.inherits
  return {
    added: added(draft.delta) + Object.keys(draft.add).length + inherits.filter((group) => !now.inherits.includes(group)).length,
    removed: removed(draft.delta) + draft.remove.length + now.inherits.filter((group) => !inherits.includes(group)).length,
    changed: Object.keys(draft.ends).length + Number(draft.name !== undefined) + Number(draft.description !== undefined),
  }
}

/** How much one save may have: the server takes 1,000 rules and members, and 100 operations. */
const mostItems = 1000
const mostMembers = 90

/** Operations are what saves the draft, and what of it has to wait for the next save. */
export function operations(draft: Draft): { operations: Operation[]; rest?: Draft } {
  const { base } = draft
  const list: Operation[] = []
  const fields = { name: draft.name, description: draft.description, inherits: draft.inherits }
  if (Object.values(fields).some((value) => value !== undefined)) {
    list.push(operation('PATCH', path('groups', base.name), fields, base.etag))
  }
  const name = draft.name ?? base.name
  const [delta, later, left] = split(draft.delta, mostItems)
  if (added(delta) + removed(delta) > 0) {
    const lists = Object.fromEntries(Object.entries(delta).filter(([, patterns]) => patterns.length > 0))
    list.push(operation('PATCH', path('groups', name, 'permissions'), lists, base.etag))
  }
  const remove = draft.remove.slice(0, left)
  if (remove.length > 0) list.push(operation('PATCH', path('groups', name, 'members'), { remove }))
  const puts = Object.entries({ ...draft.add, ...draft.ends })
  for (const [user, end] of puts.slice(0, mostMembers)) {
    list.push(operation('PUT', `${path('groups', name, 'members', user)}?until=${encodeURIComponent(end)}`))
  }
  const waiting = Object.fromEntries(puts.slice(mostMembers))
  const pick = (ends: Record<string, End>) => Object.fromEntries(Object.entries(ends).filter(([user]) => user in waiting))
  const rest = { ...begin({ ...base, name, etag: '' }), delta: later, add: pick(draft.add), ends: pick(draft.ends), remove: draft.remove.slice(left) }
  return editsGroup(rest) || editsMembers(rest) ? { operations: list, rest } : { operations: list }
}

function operation(method: Operation['method'], path: string, body?: object, ifMatch?: string): Operation {
  return { method, path, ...(body && { body: body as Operation['body'] }), ...(ifMatch && { if_match: ifMatch }) }
}

/** Split takes as many rules as one save may have, and leaves the others. */
function split(delta: Delta, most: number): [now: Delta, later: Delta, left: number] {
  const now = { ...noDelta }
  const later = { ...noDelta }
  let left = most
  for (const kind of ['revoke', 'lift', 'grant', 'restrict'] as const) {
    now[kind] = delta[kind].slice(0, left)
    later[kind] = delta[kind].slice(left)
    left -= now[kind].length
  }
  return [now, later, left]
}

/** Theirs is what was done to the group since the version that the draft began with. */
export const theirs = (draft: Draft, now: Version): Draft => ({
  ...begin(draft.base),
  delta: difference(draft.base.rules, now.rules),
  name: now.name === draft.base.name ? undefined : now.name,
  description: now.description === draft.base.description ? undefined : now.description,
  inherits: same(now.inherits, draft.base.inherits) ? undefined : now.inherits,
})
