import { useQuery } from '@tanstack/react-query'
import { api, data, type Change } from '../../api/client'
import { policy } from '../../api/queries'
import { list, time } from '../../lib/format'
import { useEntries } from '../../lib/labels'
import { actorName } from '../../review/acts'
import { ConflictNotice, type Line } from '../../review/conflict'
import { Review } from '../../review/review'
import { useMyRights } from '../../shell/rights'
import { DraftBar } from '../../ui/draft-bar'
import { counts, operations, type UserDraft } from './draft'
import { texts } from './text'

interface Props {
  id: string
  draft: UserDraft
  theirs?: UserDraft // what someone else has saved in the meantime
  changesRules: boolean
  reviewing: boolean
  onReview: (open: boolean) => void
  onConflict: () => void
  onContinue: () => void
  onDiscard: () => void
  onSaved: (change: Change) => void
}

/** DraftOfUser is the bar of a draft, with its conflict and its review. */
export function DraftOfUser({ id, draft, theirs, changesRules, reviewing, onReview, onConflict, onContinue, onDiscard, onSaved }: Props) {
  const lines = useLines()
  const who = useWho(id, theirs?.base.version)
  return (
    <>
      <DraftBar
        {...counts(draft)}
        notice={theirs && <ConflictNotice who={who} yours={lines(draft)} theirs={lines(theirs)} onContinue={onContinue} />}
        onDiscard={onDiscard}
        onReview={() => onReview(true)}
        busy={theirs !== undefined}
      />
      {reviewing && (
        <Review
          title={texts.reviewTitle(id)}
          operations={operations(id, draft, changesRules)}
          onClose={() => onReview(false)}
          onConflict={onConflict}
          onSaved={onSaved}
        />
      )}
    </>
  )
}

/** UseLines writes the edits of a draft in words. */
function useLines(): (draft: UserDraft) => Line[] {
  const entries = useEntries()
  const label = (pattern: string) => [entries.get(pattern)?.label, pattern].filter(Boolean).join(' · ')
  const rules = (list: string[], kind: 'grant' | 'restriction', what: Line['what']) =>
    list.map((pattern) => ({ key: `${kind}:${pattern}`, what, text: texts[kind](label(pattern)) }))
  return ({ base, ends, rules: delta }) => [
    ...Object.entries(ends).map(([group, end]): Line => {
      const what = end === null ? 'removed' : base.ends[group] === undefined ? 'added' : 'changed'
      return { key: `group:${group}`, what, text: end === null || end === 'never' ? texts.group(group) : texts.groupUntil(group, time(end)) }
    }),
    ...rules(delta.grant, 'grant', 'added'),
    ...rules(delta.revoke, 'grant', 'removed'),
    ...rules(delta.restrict, 'restriction', 'added'),
    ...rules(delta.lift, 'restriction', 'removed'),
  ]
}

/** UseWho finds out who has changed the user after a revision, for those who may read the audit log. */
function useWho(user: string, after: number | undefined): string | undefined {
  const rights = useMyRights()
  const changes = useQuery({
    queryKey: policy('changes-since', user, after),
    enabled: after !== undefined && rights.may('changes:view'),
    queryFn: async () => data(await api.GET('/changes', { params: { query: { user, after, nested_limit: 0 } } })).items,
  })
  if (!changes.data?.length) return undefined
  return list([...new Set(changes.data.map(({ actor }) => actorName(actor)))])
}
