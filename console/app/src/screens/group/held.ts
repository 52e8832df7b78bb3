import type { RulesOfGroup } from '../../api/queries'
import type { Rules } from '../../lib/delta'
import { Matcher } from '../../lib/patterns'

/** Source is a group that is inherited, with the way to it. */
export interface Source {
  group: string
  path: string[] // from the group that inherits to this one, both included
  grants: Matcher
  restrictions: Matcher
  badRow: boolean
}

/** Sources follows inheritance from a group to all groups whose rules its members are under, the nearest first. */
export function sources(group: string, inherits: string[], rules: Pick<RulesOfGroup, 'group' | 'inherits' | 'grants' | 'restrictions' | 'badRow'>[]): Source[] {
  const byName = new Map(rules.map((item) => [item.group, item]))
  const found = new Map<string, Source>()
  let level = inherits.map((name) => [group, name])
  while (level.length > 0) {
    const next: string[][] = []
    for (const path of level) {
      const name = path.at(-1)!
      const item = byName.get(name)
      if (!item || name === group || found.has(name)) continue
      found.set(name, { group: name, path, grants: new Matcher(item.grants), restrictions: new Matcher(item.restrictions), badRow: item.badRow })
      next.push(...item.inherits.map((further) => [...path, further]))
    }
    level = next
  }
  return [...found.values()]
}

/** Inherited is what other groups say of a permission. */
export interface Inherited {
  from?: string // the group that grants it
  by?: string // its pattern
  path?: string[]
  restrictedFrom?: string
  restrictedBy?: string
}

export function inheritedStatus(permission: string, sources: Source[]): Inherited {
  const status: Inherited = {}
  for (const source of sources) {
    const by = source.grants.find(permission)
    if (by && !status.from) Object.assign(status, { from: source.group, by, path: source.path })
    const restrictedBy = source.restrictions.find(permission)
    if (restrictedBy && !status.restrictedFrom) Object.assign(status, { restrictedFrom: source.group, restrictedBy })
  }
  return status
}

/** Status is all that a group says of a permission. */
export interface Status extends Inherited {
  direct: boolean
  wildcard?: string
  restricted: boolean // by a rule of its own for just this permission
  ownRestriction?: string // by a wildcard of its own
  granted: boolean // by anything
  denied: boolean // by anything
  held: boolean
}

/** Statuses judges permissions by the rules of a group. What it inherits is judged once, since an edit of the group doesn't change it. */
export function statuses(inherited: ReadonlyMap<string, Inherited>, rules: Rules): ReadonlyMap<string, Status> {
  const grants = new Matcher(rules.grants)
  const restrictions = new Matcher(rules.restrictions)
  return new Map([...inherited].map(([permission, status]) => [permission, judge(permission, status, grants, restrictions)]))
}

function judge(permission: string, inherited: Inherited, grants: Matcher, restrictions: Matcher): Status {
  const direct = grants.has(permission)
  const wildcard = grants.wildcard(permission)
  const restricted = restrictions.has(permission)
  const ownRestriction = restrictions.wildcard(permission)
  const granted = direct || wildcard !== undefined || inherited.from !== undefined
  const denied = restricted || ownRestriction !== undefined || inherited.restrictedFrom !== undefined
  return { ...inherited, direct, wildcard, restricted, ownRestriction, granted, denied, held: granted && !denied }
}

/** Free reports whether a tick decides over a permission: nothing else grants it, and nothing denies it. */
export const free = (status: Status | undefined) => status !== undefined && !status.wildcard && !status.from && !status.denied
