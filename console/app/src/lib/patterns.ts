/**
 * What patterns cover, as `authz` decides it: `clients.*:view` covers every permission whose object begins with
 * `clients.` and whose action is `view`; `*` as the action covers every action. The server decides; this only shows.
 */
export function covers(pattern: string, permission: string): boolean {
  if (pattern === permission) return true
  const [object, action] = split(pattern)
  const [wantedObject, wantedAction] = split(permission)
  if (action !== '*' && action !== wantedAction) return false
  return object.endsWith('*') ? wantedObject.startsWith(object.slice(0, -1)) : object === wantedObject
}

/** Split cuts a permission or pattern at its last colon. */
export function split(pattern: string): [object: string, action: string] {
  const at = pattern.lastIndexOf(':')
  return [pattern.slice(0, at), pattern.slice(at + 1)]
}

export const isWildcard = (pattern: string) => pattern.includes('*')

/** Matcher finds which of many patterns cover a permission: exact ones are looked up, only wildcards are walked. */
export class Matcher {
  private readonly exact: ReadonlySet<string>
  private readonly wildcards: string[]

  constructor(patterns: Iterable<string>) {
    this.exact = new Set(patterns)
    this.wildcards = [...this.exact].filter(isWildcard)
  }

  /** Has reports whether a pattern is exactly this one. */
  has(pattern: string): boolean {
    return this.exact.has(pattern)
  }

  /** Find returns a pattern that covers the permission: itself before wildcards. */
  find(permission: string): string | undefined {
    return this.exact.has(permission) ? permission : this.wildcard(permission)
  }

  /** Wildcard returns a wildcard that covers the permission. */
  wildcard(permission: string): string | undefined {
    return this.wildcards.find((pattern) => pattern !== permission && covers(pattern, permission))
  }
}
