import { useRef, useState } from 'react'
import { reasonHeader, type Change, type Operation } from '../../api/client'
import { isRefused, type Schemas } from '../../api/problem'
import { approve, previewApproval, type AccessRequest } from '../../api/requests'
import { ReviewOf } from '../../review/review'
import { Button } from '../../ui/button'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { useFixTitle } from '../why/fix-item'
import { texts } from './text'

/** ConflictOf says what someone else did in the meantime, if an error says so. */
export function conflictOf(error: unknown): string | undefined {
  if (isRefused(error, 'request-decided')) return texts.decidedMeanwhile
  if (isRefused(error, 'revision-conflict')) return texts.changedMeanwhile
  return undefined
}

interface Props {
  request: AccessRequest
  fix: Schemas['Fix']
  who: string
  onClose: () => void
  onConflict: (what: string) => void
  onApproved: () => void
}

/** ApproveFix reviews a fix, as every change is reviewed, and approves the request by it. */
export function ApproveFix({ request, fix, who, onClose, onConflict, onApproved }: Props) {
  const title = useFixTitle(fix, who, request.user)
  const previewed = useRef<Change>(undefined)
  // A change of the policy behind an open review must not change what the review shows.
  const [body] = useState(() => ({ operations: fix.operations as Operation[], revision: request.revision ?? 0 }))
  return (
    <ReviewOf
      title={title}
      subject={request.id + JSON.stringify(body)}
      preview={async (signal) => (previewed.current = await previewApproval(request.id, body, signal))}
      save={async (reason) => ({ ...previewed.current!, revision: (await approve(request.id, body, reasonHeader(reason))).revision })}
      saveText={texts.approve}
      cancelText={uiTexts.cancel}
      onClose={onClose}
      conflicts={['request-decided', 'revision-conflict']}
      onConflict={(error) => onConflict(conflictOf(error) ?? '')}
      onSaved={onApproved}
    >
      <p>{texts.reasonIsRead}</p>
    </ReviewOf>
  )
}

/** ApproveHeld approves a request of someone who has the access by now. Nothing changes by it, so there is nothing to review. */
export function ApproveHeld({ request, onConflict, onDecided }: { request: AccessRequest; onConflict: (what: string) => void; onDecided: (what: string) => void }) {
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  async function submit() {
    setBusy(true)
    setFailed(undefined)
    try {
      await approve(request.id, { operations: [], revision: request.revision ?? 0 }, {})
      onDecided(texts.approved(request.display_name ?? request.user))
    } catch (error) {
      const conflict = conflictOf(error)
      if (conflict) onConflict(conflict)
      else setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p>{texts.heldNow}</p>
      <p>
        <Button look="primary" busy={busy} onClick={() => void submit()}>
          {texts.approve}
        </Button>
      </p>
      {failed !== undefined && <ProblemBox error={failed} />}
    </>
  )
}
