/** Rules are what a group or user is granted, and what it is restricted from. */
export interface Rules {
  grants: string[]
  restrictions: string[]
}

/** Delta is what an edit does to rules, in the words of the REST interface. */
export interface Delta {
  grant: string[]
  revoke: string[]
  restrict: string[]
  lift: string[]
}

export const noDelta: Delta = { grant: [], revoke: [], restrict: [], lift: [] }

const without = (list: string[], item: string) => list.filter((other) => other !== item)

/** Edit sets whether a pattern is granted, or whether it is restricted. Going back to what the rules have leaves no trace. */
export function edit(delta: Delta, rules: Rules, kind: 'grant' | 'restrict', pattern: string, on: boolean): Delta {
  const [add, remove, list] = kind === 'grant' ? (['grant', 'revoke', rules.grants] as const) : (['restrict', 'lift', rules.restrictions] as const)
  const has = list.includes(pattern)
  const next = { ...delta, [add]: without(delta[add], pattern), [remove]: without(delta[remove], pattern) }
  if (has === on) return next
  const changed = on ? add : remove
  return { ...next, [changed]: [...next[changed], pattern] }
}

/** Apply is what the rules become. */
export function apply(delta: Delta, rules: Rules): Rules {
  const together = (list: string[], added: string[], removed: string[]) => {
    const gone = new Set(removed)
    return [...new Set([...list.filter((item) => !gone.has(item)), ...added])]
  }
  return { grants: together(rules.grants, delta.grant, delta.revoke), restrictions: together(rules.restrictions, delta.restrict, delta.lift) }
}

/** Difference is the delta that makes one set of rules of another. */
export function difference(from: Rules, to: Rules): Delta {
  const minus = (a: string[], b: string[]) => a.filter((item) => !b.includes(item))
  return {
    grant: minus(to.grants, from.grants),
    revoke: minus(from.grants, to.grants),
    restrict: minus(to.restrictions, from.restrictions),
    lift: minus(from.restrictions, to.restrictions),
  }
}

/** Rebase leaves out what someone else has already done. */
export function rebase(delta: Delta, rules: Rules): Delta {
  const { grants, restrictions } = rules
  return {
    grant: delta.grant.filter((item) => !grants.includes(item)),
    revoke: delta.revoke.filter((item) => grants.includes(item)),
    restrict: delta.restrict.filter((item) => !restrictions.includes(item)),
    lift: delta.lift.filter((item) => restrictions.includes(item)),
  }
}

export const added = (delta: Delta) => delta.grant.length + delta.restrict.length
export const removed = (delta: Delta) => delta.revoke.length + delta.lift.length
