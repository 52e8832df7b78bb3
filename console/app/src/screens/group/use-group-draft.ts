import { useCallback, useEffect, useMemo } from 'react'
import { useAskBeforeLeaving, useDraft } from '../../lib/draft'
import { edit } from '../../lib/delta'
import type { Schemas } from '../../api/problem'
import { begin, rebase, tidy, type Draft, type Version } from './draft'

export type Group = Schemas['Group'] & { etag: string }

/** SetRule sets whether a group grants or restricts a pattern. It stays the same function, so that rows needn't be drawn again. */
export type SetRule = (kind: 'grant' | 'restrict', pattern: string, on: boolean) => void

export type Edit = (make: (draft: Draft) => Draft) => void

export const draftKey = (group: string) => `group:${group}`

export function useGroupDraft(group: Group) {
  const [draft, set] = useDraft<Draft>(draftKey(group.name))
  const now = useMemo<Version>(
    () => ({
      etag: group.etag,
      name: group.name,
      description: group.description,
      inherits: group.inherits,
      rules: { grants: group.permissions.grants, restrictions: group.permissions.restrictions },
    }),
    [group],
  )
  const change = useCallback<Edit>((make) => set((draft) => tidy(make(draft ?? begin(now)), now)), [set, now])
  const setRule = useCallback<SetRule>(
    (kind, pattern, on) => change((draft) => ({ ...draft, delta: edit(draft.delta, now.rules, kind, pattern, on) })),
    [change, now],
  )
  const discard = useCallback(() => set(undefined), [set])
  useEffect(() => {
    if (draft?.base.etag === '') set(rebase(draft, now))
  }, [draft, set, now])
  useAskBeforeLeaving(draft !== undefined, discard)
  return { draft, set, now, change, setRule, discard }
}
