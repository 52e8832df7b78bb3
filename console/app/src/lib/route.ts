import { useSyncExternalStore } from 'react'

/** Route is the address below the console: the hash, so that any mount path works. */
export interface Route {
  parts: string[] // decoded, so that a name may contain anything
  query: URLSearchParams
}

/** Parse reads a hash such as "#/groups/Requests%20desk?tab=members". */
export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  return { parts: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** To makes the hash of a screen. Absent values of the query are left out. */
export function to(parts: string[], query: Record<string, string | undefined> = {}): string {
  const set = Object.entries(query).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== '')
  const search = new URLSearchParams(set).toString()
  return '#/' + parts.map(encodeURIComponent).join('/') + (search && '?' + search)
}

// The address that is shown. The browser's own is ahead of it while someone is asked whether to leave.
let shown = location.hash
const listeners = new Set<() => void>()
const guards = new Set<(from: string) => boolean>()

addEventListener('hashchange', () => {
  if (location.hash === shown) return
  for (const mayLeave of guards) {
    if (mayLeave(shown)) continue
    history.pushState(history.state, '', shown)
    return
  }
  show()
})

function show() {
  shown = location.hash
  for (const changed of listeners) changed()
}

function subscribe(changed: () => void) {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

/** Guard is asked before another address is shown; it returns false to stay. The result ends it. */
export function guard(mayLeave: (from: string) => boolean): () => void {
  guards.add(mayLeave)
  return () => void guards.delete(mayLeave)
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => shown))
}

export function go(hash: string) {
  location.hash = hash
}

/** Replace changes the address without an entry in the history: for filters and searches. */
export function replace(hash: string) {
  history.replaceState(history.state, '', hash)
  show()
}
