import { all, filter, matching, tree, type Entry } from '../../lib/catalog'
import { isHeld, type Holdings } from '../../lib/holdings'

/** Row is a permission, or the category that the permissions below it belong to. */
export type Row = { category: string[]; entry?: undefined } | { category: string[]; entry: Entry }

/** Rows are the permissions of the catalog that a search finds, under their categories. */
export function rows(catalog: Entry[], search: string, keep: (entry: Entry) => boolean): Row[] {
  const found = filter(tree(catalog), matching(search)).flatMap(all).filter(keep)
  const rows: Row[] = []
  let last: string | undefined
  for (const entry of found) {
    const category = JSON.stringify(entry.category)
    if (category !== last && entry.category.length > 0) rows.push({ category: entry.category })
    last = category
    rows.push({ category: entry.category, entry })
  }
  return rows
}

/** Differ reports whether some of the groups hold a permission and others don't. */
export function differ(holdings: Holdings, groups: string[], permission: string): boolean {
  const [first, ...others] = groups
  if (first === undefined) return false
  const held = isHeld(holdings.of(first, permission))
  return others.some((group) => isHeld(holdings.of(group, permission)) !== held)
}
