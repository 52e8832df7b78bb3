import { path, type Operation } from '../../api/operation'
import type { Schemas } from '../../api/problem'
import { added, difference, noDelta, rebase, removed, type Delta, type Rules } from '../../lib/delta'

type User = Schemas['User'] & { etag: string }

/** Base is what an edit began from. */
export interface Base {
  etag: string
  version: number
  ends: Record<string, string> // of each group: when the membership ends, or "never"
  rules: Rules
}

/** UserDraft is an edit of a user's groups and own rules. */
export interface UserDraft {
  base: Base
  ends: Record<string, string | null> // of the groups that change: when the membership ends, "never", or null to leave
  rules: Delta
}

export function baseOf(user: User): Base {
  return {
    etag: user.etag,
    version: user.version,
    ends: Object.fromEntries(user.groups.map((membership) => [membership.group, membership.until ?? 'never'])),
    rules: { grants: user.permissions.grants, restrictions: user.permissions.restrictions },
  }
}

export const newDraft = (user: User): UserDraft => ({ base: baseOf(user), ends: {}, rules: noDelta })

const sameEnd = (a: string | null, b: string | null) => a === b || (a !== null && b !== null && Date.parse(a) === Date.parse(b))

/** SetEnd puts the user into a group until then, changes that end, or takes the user out of the group (null). */
export function setEnd(draft: UserDraft, group: string, end: string | null): UserDraft {
  const { [group]: _, ...ends } = draft.ends
  return { ...draft, ends: sameEnd(draft.base.ends[group] ?? null, end) ? ends : { ...ends, [group]: end } }
}

/** EndIn is when the user's membership of a group will end, or null for somebody who won't be in it. */
export function endIn(draft: UserDraft, group: string): string | null {
  const changed = draft.ends[group]
  return changed === undefined ? (draft.base.ends[group] ?? null) : changed
}

export function counts({ base, ends, rules }: UserDraft) {
  const groups = Object.keys(ends)
  return {
    added: groups.filter((group) => base.ends[group] === undefined).length + added(rules),
    removed: groups.filter((group) => ends[group] === null).length + removed(rules),
    changed: groups.filter((group) => base.ends[group] !== undefined && ends[group] !== null).length,
  }
}

export function isEmpty(draft: UserDraft): boolean {
  const { added, removed, changed } = counts(draft)
  return added + removed + changed === 0
}

/** Onto moves a draft to what the user is now. What someone else has already done is left out. */
export function onto(draft: UserDraft, user: User): UserDraft {
  const begun: UserDraft = { base: baseOf(user), ends: {}, rules: rebase(draft.rules, user.permissions) }
  return Object.entries(draft.ends).reduce((moved, [group, end]) => setEnd(moved, group, end), begun)
}

/** Since is what someone else has changed since a draft was begun, as if it were a draft. */
export function since(base: Base, user: User): UserDraft {
  const now = baseOf(user)
  const groups = new Set([...Object.keys(base.ends), ...Object.keys(now.ends)])
  const begun: UserDraft = { base, ends: {}, rules: difference(base.rules, now.rules) }
  return [...groups].reduce((draft, group) => setEnd(draft, group, now.ends[group] ?? null), begun)
}

/**
 * Operations carries out a draft. The first one changes the rules, even if by nothing, since it compares the user's version:
 * those that follow are writes of groups. Who may only assign members of some groups can't send it.
 */
export function operations(id: string, { base, ends, rules }: UserDraft, changesRules: boolean): Operation[] {
  const list: Operation[] = []
  if (changesRules) {
    list.push({ method: 'PATCH', path: path('users', id, 'permissions'), if_match: base.etag, body: rules as unknown as Record<string, never> })
  }
  for (const [group, end] of Object.entries(ends)) {
    const member = path('groups', group, 'members', id)
    if (end === null) list.push({ method: 'DELETE', path: member })
    else list.push({ method: 'PUT', path: `${member}?until=${encodeURIComponent(end)}` })
  }
  return list
}
