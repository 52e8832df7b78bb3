import { useCallback, useEffect, useMemo } from 'react'
import { useUser } from '../../api/queries'
import { useAskBeforeLeaving, useDraft } from '../../lib/draft'
import { isEmpty, newDraft, onto, since, type UserDraft } from './draft'

type User = NonNullable<ReturnType<typeof useUser>['data']>

/**
 * UseUserDraft keeps the edits of a user. Theirs is what someone else has saved since they began; while there is nothing of
 * that, the edits follow the user's version by themselves.
 */
export function useUserDraft(id: string, user: User | undefined, saving: boolean) {
  const [draft, keep] = useDraft<UserDraft>('user:' + id)
  const discard = useCallback(() => keep(undefined), [keep])
  const set = useCallback((next: UserDraft) => keep(isEmpty(next) ? undefined : next), [keep])
  useAskBeforeLeaving(draft !== undefined, discard)

  const moved = !saving && draft !== undefined && user !== undefined && draft.base.etag !== user.etag
  const theirs = useMemo(() => {
    if (!moved || !user) return undefined
    const changed = since(draft.base, user)
    return isEmpty(changed) ? undefined : changed
  }, [moved, draft, user])
  const onPresent = useCallback(() => {
    if (draft && user) set(onto(draft, user))
  }, [draft, user, set])
  useEffect(() => {
    if (moved && !theirs) onPresent()
  }, [moved, theirs, onPresent])

  return { draft, current: draft ?? (user && newDraft(user)), set, discard, theirs, onPresent }
}
