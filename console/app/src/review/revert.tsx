import { api, data, reasonHeader, type Change } from '../api/client'
import { act } from './acts'
import { ReviewOf } from './review'
import { texts } from './text'

interface Props {
  change: Change
  onClose: () => void
  onReverted: (change: Change) => void
}

/** RevertReview shows what reverting a change would do, and does it. */
export function RevertReview({ change, onClose, onReverted }: Props) {
  const revision = change.revision ?? 0
  const revert = async (dryRun: boolean, reason = '', signal?: AbortSignal) =>
    data(
      await api.POST('/changes/{revision}/revert', {
        params: { path: { revision }, query: dryRun ? { dry_run: true } : {} },
        headers: reasonHeader(reason),
        signal,
      }),
    )
  return (
    <ReviewOf
      title={texts.revertTitle(revision)}
      subject={`revert ${revision}`}
      preview={(signal) => revert(true, '', signal)}
      save={(reason) => revert(false, reason)}
      saveText={texts.revert}
      cancelText={texts.cancel}
      onClose={onClose}
      onSaved={onReverted}
    >
      <p>{texts.revertLead(act(change))}</p>
    </ReviewOf>
  )
}
