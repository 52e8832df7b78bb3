import type { RulesOfGroup } from '../../api/queries'
import type { Entry } from '../../lib/catalog'
import { isWildcard } from '../../lib/patterns'
import { inheritedStatus, sources, statuses, type Status } from '../group/held'

export interface Compared {
  entry: Entry
  a: Status
  b: Status
}

/** OtherRule is a rule without a row in the catalog that only one of the groups has, itself or by inheritance. */
export interface OtherRule {
  of: string
  kind: 'grants' | 'restricts'
  pattern: string
}

export interface Result {
  onlyA: Compared[]
  onlyB: Compared[]
  both: Compared[]
  others: OtherRule[]
}

/** Compare sorts the permissions of the catalog by which of two groups hold them. Those that neither holds are left out. */
export function compare(a: string, b: string, rules: RulesOfGroup[], catalog: Entry[]): Result {
  const [ofA, ofB] = [judged(a, rules, catalog), judged(b, rules, catalog)]
  const all = catalog.map((entry) => ({ entry, a: ofA.status.get(entry.permission)!, b: ofB.status.get(entry.permission)! }))
  const known = new Set(catalog.map((entry) => entry.permission))
  const others = (['grants', 'restricts'] as const).flatMap((kind) =>
    [
      { of: a, these: ofA[kind], those: ofB[kind] },
      { of: b, these: ofB[kind], those: ofA[kind] },
    ].flatMap(({ of, these, those }) =>
      [...these].filter((pattern) => !those.has(pattern) && (isWildcard(pattern) || !known.has(pattern))).map((pattern) => ({ of, kind, pattern })),
    ),
  )
  return {
    onlyA: all.filter((item) => item.a.held && !item.b.held),
    onlyB: all.filter((item) => item.b.held && !item.a.held),
    both: all.filter((item) => item.a.held && item.b.held),
    others,
  }
}

/** Judged is what a group says of each permission, and all patterns that it is under. */
function judged(name: string, rules: RulesOfGroup[], catalog: Entry[]) {
  const own = rules.find((item) => item.group === name)
  const inherited = sources(name, own?.inherits ?? [], rules)
  const status = statuses(new Map(catalog.map((entry) => [entry.permission, inheritedStatus(entry.permission, inherited)])), {
    grants: own?.grants ?? [],
    restrictions: own?.restrictions ?? [],
  })
  const members = rules.filter((item) => item.group === name || inherited.some((source) => source.group === item.group))
  return { status, grants: new Set(members.flatMap((item) => item.grants)), restricts: new Set(members.flatMap((item) => item.restrictions)) }
}
