import type { Schemas } from '../../api/problem'
import { useEntries } from '../../lib/labels'
import type { Entry } from '../../lib/catalog'
import { actorName } from '../../review/acts'
import { ConflictNotice, type Line } from '../../review/conflict'
import { DraftBar } from '../../ui/draft-bar'
import { count, editsGroup, theirs, type Draft, type Version } from './draft'
import { texts } from './text'

interface Props {
  draft: Draft
  now: Version
  who: Schemas['Actor']
  onDiscard: () => void
  onReview: () => void
  onContinue: () => void // on the new version
}

/** GroupBar counts what the draft would change, and shows what someone else has changed since it began. */
export function GroupBar({ draft, now, who, onDiscard, onReview, onContinue }: Props) {
  const entries = useEntries()
  const conflict = editsGroup(draft) && draft.base.etag !== now.etag
  return (
    <DraftBar
      {...count(draft, now)}
      notice={
        conflict && (
          <ConflictNotice
            who={actorName(who)}
            yours={lines(draft, draft.base, entries)}
            theirs={lines(theirs(draft, now), draft.base, entries)}
            onContinue={onContinue}
          />
        )
      }
      onDiscard={onDiscard}
      onReview={onReview}
      busy={conflict}
    />
  )
}

/** Lines says what a draft does to a version of the group. */
function lines({ delta, name, description, inherits }: Draft, base: Version, entries: ReadonlyMap<string, Entry>): Line[] {
  const label = (pattern: string) => entries.get(pattern)?.label ?? pattern
  const rules = (patterns: string[], what: Line['what'], kind: string, text: (what: string) => string): Line[] =>
    patterns.map((pattern) => ({ key: `${kind} ${pattern}`, what, text: text(label(pattern)) }))
  const inheriting = (groups: string[], what: Line['what']): Line[] => groups.map((group) => ({ key: `inherit ${group}`, what, text: texts.inheritsLine(group) }))
  const plain = (what: string) => what
  return [
    ...(name === undefined ? [] : [{ key: 'name', what: 'changed' as const, text: texts.renamedTo(name) }]),
    ...(description === undefined ? [] : [{ key: 'description', what: 'changed' as const, text: texts.describedAs(description) }]),
    ...inheriting((inherits ?? base.inherits).filter((group) => !base.inherits.includes(group)), 'added'),
    ...inheriting(base.inherits.filter((group) => !(inherits ?? base.inherits).includes(group)), 'removed'),
    ...rules(delta.grant, 'added', 'grant', plain),
    ...rules(delta.revoke, 'removed', 'grant', plain),
    ...rules(delta.restrict, 'added', 'restriction', texts.restrictionLine),
    ...rules(delta.lift, 'removed', 'restriction', texts.restrictionLine),
  ]
}
