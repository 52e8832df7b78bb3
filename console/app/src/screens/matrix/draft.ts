import { path, type Operation } from '../../api/operation'
import type { RulesOfGroup } from '../../api/queries'
import { added, apply, difference, edit, noDelta, rebase, removed, type Delta, type Rules } from '../../lib/delta'
import type { Line } from '../../review/conflict'

/** Draft is what was ticked and unticked in each group, and the rules that the group had then. */
export type Draft = Record<string, { delta: Delta; base: Rules }>

/** The rules and groups that one change may have. */
export const mostEdits = 1000
export const mostGroups = 100

const rulesOf = ({ grants, restrictions }: RulesOfGroup): Rules => ({ grants, restrictions })
const size = (delta: Delta) => added(delta) + removed(delta)

/** Toggle grants a permission directly, or takes it back. It returns undefined where that is more than one change may have. */
export function toggle(draft: Draft, group: RulesOfGroup, permission: string): Draft | undefined {
  const { delta, base } = draft[group.group] ?? { delta: noDelta, base: rulesOf(group) }
  const now = apply(delta, rulesOf(group))
  const next = edit(delta, rulesOf(group), 'grant', permission, !now.grants.includes(permission))
  const { [group.group]: _, ...others } = draft
  const result = size(next) === 0 ? others : { ...others, [group.group]: { delta: next, base } }
  const { added, removed } = counts(result)
  if (added + removed > mostEdits || Object.keys(result).length > mostGroups) return undefined
  return result
}

export function counts(draft: Draft): { added: number; removed: number } {
  const deltas = Object.values(draft).map(({ delta }) => delta)
  return { added: deltas.reduce((sum, delta) => sum + added(delta), 0), removed: deltas.reduce((sum, delta) => sum + removed(delta), 0) }
}

const applied = new WeakMap<RulesOfGroup, { delta: Delta; rules: RulesOfGroup }>()

/** WithDraft is what groups become. A group without edits stays the same object, and so does one with the same edits. */
export function withDraft(groups: RulesOfGroup[], draft: Draft): RulesOfGroup[] {
  return groups.map((group) => {
    const delta = draft[group.group]?.delta
    if (!delta) return group
    const before = applied.get(group)
    if (before?.delta === delta) return before.rules
    const rules = { ...group, ...apply(delta, rulesOf(group)) }
    applied.set(group, { delta, rules })
    return rules
  })
}

/** Operations save a draft as one change. The versions are those of the groups that the person has seen. */
export function operations(draft: Draft, etags: Record<string, string>): Operation[] {
  return Object.entries(draft).map(([group, { delta }]) => ({
    method: 'PATCH',
    path: path('groups', group, 'permissions'),
    if_match: etags[group],
    body: { ...delta } as unknown as Operation['body'],
  }))
}

/** Conflict is what other people did to the groups of a draft since it was begun, where that isn't what the draft does as well. */
export function conflict(draft: Draft, groups: RulesOfGroup[], gone: (group: string) => string): { group: string; yours: Line[]; theirs: Line[] } | undefined {
  const yours: Line[] = []
  const theirs: Line[] = []
  let changed: string | undefined
  for (const [name, { delta, base }] of Object.entries(draft)) {
    const now = groups.find((group) => group.group === name)
    const done = now && !same(base, rulesOf(now)) ? difference(base, rulesOf(now)) : noDelta
    if (now && (size(done) === 0 || size(rebase(delta, rulesOf(now))) === 0)) continue
    changed ??= name
    yours.push(...lines(name, delta))
    theirs.push(...(now ? lines(name, done) : [{ key: name, what: 'removed' as const, text: gone(name) }]))
  }
  return changed === undefined ? undefined : { group: changed, yours, theirs }
}

/** Same is a quick look: most groups haven't changed, and comparing large ones takes long. */
const same = (a: Rules, b: Rules) => equal(a.grants, b.grants) && equal(a.restrictions, b.restrictions)
const equal = (a: string[], b: string[]) => a.length === b.length && a.every((item, i) => item === b[i])

function lines(group: string, { grant, revoke, restrict, lift }: Delta): Line[] {
  const line = (what: Line['what'], sign: string) => (pattern: string) => ({ key: JSON.stringify([group, sign, pattern]), what, text: `${group}: ${sign}${pattern}` })
  return [
    ...grant.map(line('added', '')),
    ...revoke.map(line('removed', '')),
    ...restrict.map(line('added', '✕ ')),
    ...lift.map(line('removed', '✕ ')),
  ]
}

/** OnNew is the draft on the rules as they are now, without what has been done already. */
export function onNew(draft: Draft, groups: RulesOfGroup[]): Draft {
  const next: Draft = {}
  for (const [name, { delta }] of Object.entries(draft)) {
    const now = groups.find((group) => group.group === name)
    if (!now) continue
    const rest = rebase(delta, rulesOf(now))
    if (size(rest) > 0) next[name] = { delta: rest, base: rulesOf(now) }
  }
  return next
}
