import { useMemo } from 'react'
import { useAllRules, useGroupRules } from '../../api/queries'
import { sources, type Source } from './held'

/**
 * UseSources finds the groups that a group inherits, or would inherit by a draft. For the latter the rules of all groups
 * are read, since any of them may be chosen.
 */
export function useSources(group: string, inherits: string[], edited: boolean): { sources?: Source[]; error: unknown } {
  const own = useGroupRules(group)
  const all = useAllRules(edited)
  const rules = (edited && all.data) || own.data
  const found = useMemo(() => rules && sources(group, inherits, rules), [group, inherits, rules])
  return { sources: found, error: own.error ?? all.error }
}
