/** Entry is a permission that the application declares. */
export interface Entry {
  permission: string
  label: string
  category: string[]
}

/** Category is a node of the catalog's tree: its own permissions, then the categories inside. */
export interface Category {
  name: string // of the last part
  path: string[]
  entries: Entry[]
  inside: Category[]
}

/** Tree sorts the catalog into its categories, in the order of the catalog. */
export function tree(catalog: Entry[]): Category[] {
  const root: Category = { name: '', path: [], entries: [], inside: [] }
  const known = new Map<string, Category>([['[]', root]])
  const at = (path: string[]): Category => {
    const key = JSON.stringify(path)
    let category = known.get(key)
    if (!category) {
      category = { name: path.at(-1) ?? '', path, entries: [], inside: [] }
      known.set(key, category)
      at(path.slice(0, -1)).inside.push(category)
    }
    return category
  }
  for (const entry of catalog) at(entry.category).entries.push(entry)
  return root.entries.length > 0 ? [{ ...root, inside: [] }, ...root.inside] : root.inside
}

/** All lists the permissions of a category and of those inside. */
export function all(category: Category): Entry[] {
  return [...category.entries, ...category.inside.flatMap(all)]
}

/** Filter keeps what matches, and the categories that lead there. A category whose name matches is kept as a whole. */
export function filter(categories: Category[], matches: (text: string) => boolean): Category[] {
  return categories.flatMap((category) => {
    if (matches(category.name)) return [category]
    const entries = category.entries.filter((entry) => matches(entry.label) || matches(entry.permission))
    const inside = filter(category.inside, matches)
    return entries.length + inside.length > 0 ? [{ ...category, entries, inside }] : []
  })
}

/** Matching makes a test for all words of a search, without regard to case and accents. */
export function matching(search: string): (text: string) => boolean {
  const words = fold(search).split(/\s+/).filter(Boolean)
  return (text) => {
    const folded = fold(text)
    return words.every((word) => folded.includes(word))
  }
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
