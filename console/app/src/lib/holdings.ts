import { Matcher } from './patterns'

/** RulesOf is what Holdings needs to know of a group. */
export interface RulesOf {
  group: string
  inherits: string[]
  grants: string[]
  restrictions: string[]
  badRow: boolean
}

/** Source is a rule, and the group that has it. */
export interface Source {
  group: string
  pattern: string
}

/** Holding is how a group holds a permission: there may be several ways at once. */
export interface Holding {
  direct: boolean // by a grant of exactly this permission
  wildcard?: string // by a wildcard of its own
  inherited?: Source // by a rule of a group that it inherits
  restricted?: Source // a restriction, its own or inherited, which outweighs all grants
  badRow: boolean // a bad row denies everything
}

export const isHeld = (h: Holding) => !h.badRow && !h.restricted && (h.direct || h.wildcard !== undefined || h.inherited !== undefined)

interface Matchers {
  grants: Matcher
  restrictions: Matcher
}

const known = new WeakMap<RulesOf, Matchers>() // a group whose rules stay the same is read once

function matchers(rules: RulesOf): Matchers {
  let found = known.get(rules)
  if (!found) {
    found = { grants: new Matcher(rules.grants), restrictions: new Matcher(rules.restrictions) }
    known.set(rules, found)
  }
  return found
}

/** Holdings works out what groups hold, by themselves and by inheritance. The server decides; this only shows. */
export class Holdings {
  private readonly groups: ReadonlyMap<string, RulesOf>
  private readonly lines = new Map<string, RulesOf[]>()

  constructor(groups: readonly RulesOf[]) {
    this.groups = new Map(groups.map((group) => [group.group, group]))
  }

  /** Of returns how a group holds a permission. */
  of(group: string, permission: string): Holding {
    const [own, ...inherited] = this.line(group)
    if (!own) return { direct: false, badRow: false }
    return {
      direct: matchers(own).grants.has(permission),
      wildcard: matchers(own).grants.wildcard(permission),
      inherited: find(inherited, 'grants', permission),
      restricted: find([own, ...inherited], 'restrictions', permission),
      badRow: own.badRow || inherited.some((other) => other.badRow),
    }
  }

  /** Line is a group and all that it inherits, the nearest first. */
  private line(group: string): RulesOf[] {
    let line = this.lines.get(group)
    if (!line) {
      const names = new Set([group])
      line = []
      for (const name of names) { // which grows
        const rules = this.groups.get(name)
        if (!rules) continue
        line.push(rules)
        for (const next of rules.inherits) names.add(next)
      }
      this.lines.set(group, line)
    }
    return line
  }
}

function find(line: RulesOf[], kind: keyof Matchers, permission: string): Source | undefined {
  for (const rules of line) {
    const pattern = matchers(rules)[kind].find(permission)
    if (pattern !== undefined) return { group: rules.group, pattern }
  }
  return undefined
}
