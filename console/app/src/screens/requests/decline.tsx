import { useId, useState } from 'react'
import { decline, type AccessRequest } from '../../api/requests'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { TextField } from '../../ui/field'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { conflictOf } from './approve'
import { texts } from './text'

interface Props {
  request: AccessRequest
  onClose: () => void
  onConflict: (what: string) => void
  onDeclined: () => void
}

/** Decline takes the reason, which the user reads. */
export function Decline({ request, onClose, onConflict, onDeclined }: Props) {
  const formId = useId()
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  async function submit() {
    setBusy(true)
    setFailed(undefined)
    try {
      await decline(request.id, reason.trim())
      onDeclined()
    } catch (error) {
      const conflict = conflictOf(error)
      if (conflict) onConflict(conflict)
      else setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={texts.declineTitle(request.display_name ?? request.user)}
      onClose={onClose}
      busy={busy}
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            {uiTexts.cancel}
          </Button>
          <Button type="submit" form={formId} look="danger" busy={busy} disabled={reason.trim() === ''}>
            {texts.decline}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && reason.trim()) void submit()
        }}
      >
        <TextField label={texts.declineReason} hint={texts.declineHint} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
      </form>
      {failed !== undefined && <ProblemBox error={failed} />}
    </Dialog>
  )
}
