import { all, type Category, type Entry } from '../../lib/catalog'
import { covers, isWildcard, split } from '../../lib/patterns'

/** WildcardOf is a wildcard that covers all permissions of a category, or undefined where none does. For one or two it isn't worth a row. */
export function wildcardOf(category: Category): string | undefined {
  const permissions = all(category).map((entry) => entry.permission)
  const objects = [...new Set(permissions.map((permission) => split(permission)[0]))]
  const [first] = objects
  if (permissions.length < 3 || first === undefined) return undefined
  if (objects.length === 1) return `${first}:*`
  let length = 0
  while (length < first.length && objects.every((object) => object[length] === first[length])) length++
  // A star stands for whole segments, and for at least one character.
  for (let prefix = first.slice(0, length); prefix !== ''; prefix = prefix.slice(0, -1)) {
    const pattern = `${prefix}*:*`
    if (/[./]$/.test(prefix) && permissions.every((permission) => covers(pattern, permission))) return pattern
  }
  return undefined
}

/** Placed says where rules are shown that aren't rows of the catalog. */
export interface Placed {
  at: ReadonlyMap<string, string[]> // wildcards, at the innermost category that has all that they cover
  elsewhere: string[] // wildcards over several categories, and what the catalog doesn't know
}

export function place(catalog: Entry[], patterns: Iterable<string>): Placed {
  const at = new Map<string, string[]>()
  const elsewhere: string[] = []
  const known = new Set(catalog.map((entry) => entry.permission))
  for (const pattern of patterns) {
    if (known.has(pattern)) continue
    const covered = isWildcard(pattern) ? coverage(catalog, pattern) : []
    const key = keyOf(common(covered.map((entry) => entry.category)))
    if (key === '') elsewhere.push(pattern)
    else at.set(key, [...(at.get(key) ?? []), pattern])
  }
  return { at, elsewhere }
}

const coverages = new WeakMap<Entry[], Map<string, Entry[]>>()

/** Coverage is what a wildcard covers now. It is kept, since it is asked for again at each tick. */
export function coverage(catalog: Entry[], pattern: string): Entry[] {
  let known = coverages.get(catalog)
  if (!known) coverages.set(catalog, (known = new Map()))
  let covered = known.get(pattern)
  if (!covered) known.set(pattern, (covered = catalog.filter((entry) => covers(pattern, entry.permission))))
  return covered
}

/** KeyOf names a category. */
export const keyOf = (path: string[]) => path.join(' › ')

function common(paths: string[][]): string[] {
  const [first = []] = paths
  let length = 0
  while (length < first.length && paths.every((path) => path[length] === first[length])) length++
  return first.slice(0, length)
}
