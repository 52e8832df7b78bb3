import { send, type Change, type Operation } from '../../api/client'
import { Refused } from '../../api/problem'
import { ReviewOf } from '../../review/review'
import { texts as uiTexts } from '../../ui/text'
import { readUsage, type Subject, type Usage } from './queries'
import { texts } from './text'

interface Props {
  subject: Subject
  who: string
  days: number
  usage: Usage // with operations
  onClose: () => void
  onStale: () => void
  onSaved: (change: Change) => void
}

/** ReviewRemoval shows what the proposed operations take away and who loses it. It carries them out if they are still proposed. */
export function ReviewRemoval({ subject, who, days, usage, onClose, onStale, onSaved }: Props) {
  const operations = (usage.operations ?? []).map(({ method, path, body }): Operation => ({ method, path, body: body as Record<string, never> | null }))
  async function save(reason: string, key: string): Promise<Change> {
    // While the dialog was open, permissions may have been used: nothing else notices that.
    const now = await readUsage(subject, days)
    if (JSON.stringify(now.operations) !== JSON.stringify(usage.operations)) {
      throw new Refused({ type: 'urn:rightful:problem:revision-conflict', title: 'Changed', status: 412, detail: 'What is unused has changed.' })
    }
    return send(operations, { reason, key })
  }
  return (
    <ReviewOf
      title={subject.kind === 'user' ? texts.reviewTitle(who) : texts.reviewTitleGroup(who)}
      subject={JSON.stringify(operations)}
      preview={(signal) => send(operations, { dryRun: true, signal })}
      save={save}
      saveText={texts.takeAway}
      cancelText={uiTexts.cancel}
      lossesFirst
      onClose={onClose}
      onSaved={onSaved}
      onConflict={onStale}
    >
      <p>{texts.reviewLead(texts.days(days))}</p>
    </ReviewOf>
  )
}
