import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { catalog } from '../text/language'
import { guard } from './route'

/**
 * Drafts are edits that aren't saved yet. They are kept in the tab's storage under the name of what they edit, so that a
 * reload loses nothing.
 */
const prefix = 'rightful.draft.'
const listeners = new Set<() => void>()
const cache = new Map<string, { text: string | null; value: unknown }>()

function read<T>(key: string): T | undefined {
  const text = sessionStorage.getItem(prefix + key)
  const cached = cache.get(key)
  if (cached?.text === text) return cached.value as T | undefined
  let value: T | undefined
  try {
    value = text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    value = undefined // an earlier version of the console wrote it
  }
  cache.set(key, { text, value })
  return value
}

function write(key: string, value: unknown) {
  if (value === undefined) sessionStorage.removeItem(prefix + key)
  else {
    const text = JSON.stringify(value)
    sessionStorage.setItem(prefix + key, text)
    cache.set(key, { text, value }) // what an edit leaves as it was stays the same object
  }
  for (const changed of listeners) changed()
}

function subscribe(changed: () => void) {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

type Next<T> = T | undefined | ((now: T | undefined) => T | undefined)

/** UseDraft returns the draft of one thing, and a function that replaces it, or makes the next one of it; undefined is no draft. */
export function useDraft<T>(key: string): [draft: T | undefined, set: (next: Next<T>) => void] {
  const draft = useSyncExternalStore(subscribe, () => read<T>(key))
  const set = useCallback((next: Next<T>) => write(key, next instanceof Function ? next(read<T>(key)) : next), [key])
  return [draft, set]
}

/** KeepDraft keeps a draft of something that is edited elsewhere. */
export const keepDraft = <T>(key: string, draft: T) => write(key, draft)

const texts = catalog({
  en: { leave: 'You have changes that aren’t saved. Leave and discard them?' },
  de: { leave: 'Es gibt Änderungen, die nicht gespeichert sind. Seite verlassen und sie verwerfen?' },
})

/** AskBeforeLeaving asks once when the address changes while there is a draft; discard forgets it. Closing the tab asks the browser's way. */
export function useAskBeforeLeaving(dirty: boolean, discard: () => void) {
  useEffect(() => {
    if (!dirty) return
    const unguard = guard((from) => {
      if (screenOf(location.hash) === screenOf(from)) return true // another view of the same screen
      const leaves = confirm(texts.leave)
      if (leaves) discard()
      return leaves
    })
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => {
      unguard()
      removeEventListener('beforeunload', warn)
    }
  }, [dirty, discard])
}

const screenOf = (hash: string) => hash.split('?')[0]
