import { useQueryClient } from '@tanstack/react-query'
import { refreshPolicy } from '../../api/queries'
import { number } from '../../lib/format'
import { keepDraft } from '../../lib/draft'
import { Review } from '../../review/review'
import { count, operations, type Draft } from './draft'
import { texts } from './text'
import { draftKey, type Group } from './use-group-draft'

interface Props {
  draft: Draft
  group: Group
  onClose: () => void
  onSaved: (rest: Draft | undefined) => void
}

/** ReviewDraft reviews and saves a draft; what doesn't fit into one save stays in it. */
export function ReviewDraft({ draft, group, onClose, onSaved }: Props) {
  const client = useQueryClient()
  const { operations: list, rest } = operations(draft)
  const left = rest && count(rest, rest.base)
  return (
    <Review
      title={texts.review(group.name)}
      operations={list}
      onClose={onClose}
      onSaved={() => {
        if (rest && draft.name !== undefined) keepDraft(draftKey(draft.name), rest)
        onSaved(draft.name === undefined ? rest : undefined)
      }}
      onConflict={() => {
        void refreshPolicy(client)
        onClose()
      }}
    >
      {left && <p>{texts.partly(number(left.added + left.removed + left.changed))}</p>}
    </Review>
  )
}

