import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState, type ComponentProps, type ReactNode } from 'react'
import { send, type Change, type Operation } from '../api/client'
import { isRefused, type Refused } from '../api/problem'
import { refreshPolicy } from '../api/queries'
import { mine } from '../shell/own-changes'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { TextField } from '../ui/field'
import { ProblemBox } from '../ui/problem'
import { Difference } from './difference'
import { Impact } from './impact'
import style from './review.module.css'
import { texts } from './text'

interface Props {
  title: string
  children?: ReactNode // above what changes
  operations: Operation[]
  saveText?: string
  cancelText?: string
  danger?: boolean
  onClose: () => void
  onSaved: (change: Change) => void
  conflicts?: string[] // the types of problems that are conflicts
  onConflict?: (conflict: Refused) => void // someone else has changed it: the draft is kept, and the dialog closes
}

/** Review shows what operations would change and who would gain or lose what, takes a reason, and saves. Nothing is saved without it. */
export function Review({ operations, onConflict, ...rest }: Props) {
  return (
    <ReviewOf
      {...rest}
      subject={JSON.stringify(operations)}
      preview={(signal) => send(operations, { dryRun: true, signal })}
      save={(reason, key) => send(operations, { reason, key })}
      onConflict={onConflict}
    />
  )
}

interface OfProps extends Omit<Props, 'operations'> {
  lossesFirst?: boolean // for what takes more than it gives
  lineOf?: ComponentProps<typeof Difference>['lineOf']
  confirm?: (change: Change) => ReactNode // what has to be done before Save, such as a box to tick
  blocked?: boolean // it isn't done yet
  subject: string // what is reviewed: another text makes another preview
  preview: (signal: AbortSignal) => Promise<Change>
  save: (reason: string, key: string) => Promise<Change>
}

const staleVersion = ['revision-conflict']

/** ReviewOf is a review of a write that is no batch, such as a revert or an import. */
export function ReviewOf({ title, children, subject, preview, save, saveText = texts.save, cancelText = texts.keepEditing, danger = false, lossesFirst, lineOf, confirm, blocked, onClose, onSaved, conflicts = staleVersion, onConflict }: OfProps) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const [saving, setSaving] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  const formId = useId()
  const [key] = useState(() => crypto.randomUUID()) // a save that is sent twice is made once
  const dryRun = useQuery({ queryKey: ['preview', subject], queryFn: ({ signal }) => preview(signal), gcTime: 0, staleTime: 0 })

  async function submit() {
    if (saving) return
    setSaving(true)
    setFailed(undefined)
    try {
      const change = await save(reason.trim(), key)
      if (change.revision !== undefined) mine.add(change.revision)
      await refreshPolicy(client)
      onSaved(change)
    } catch (error) {
      if (onConflict && isRefused(error, ...conflicts)) onConflict(error)
      else setFailed(error)
    } finally {
      setSaving(false)
    }
  }

  useEffect(() => {
    if (onConflict && isRefused(dryRun.error, ...conflicts)) onConflict(dryRun.error)
  }, [dryRun.error, conflicts, onConflict])

  const nothing = dryRun.data && dryRun.data.added_count + dryRun.data.removed_count + (dryRun.data.groups?.length ?? 0) === 0
  return (
    <Dialog
      title={title}
      onClose={onClose}
      busy={saving}
      actions={
        <>
          <Button onClick={onClose} disabled={saving}>
            {cancelText}
          </Button>
          <Button type="submit" form={formId} look={danger ? 'danger' : 'primary'} busy={saving} disabled={!dryRun.data || nothing || blocked}>
            {saveText}
          </Button>
        </>
      }
    >
      {children}
      {dryRun.isPending && <p role="status">{texts.computing}</p>}
      {dryRun.error && <ProblemBox error={dryRun.error} onRetry={() => void dryRun.refetch()} />}
      {dryRun.data && (
        <>
          {lossesFirst && !nothing && <Impact change={dryRun.data} lossesFirst />}
          <section className={style.section}>
            <h3>{texts.whatChanges}</h3>
            <Difference change={dryRun.data} removedFirst={lossesFirst} lineOf={lineOf} />
          </section>
          {!lossesFirst && !nothing && <Impact change={dryRun.data} />}
          {!nothing && confirm?.(dryRun.data)}
          <form
            id={formId}
            onSubmit={(event) => {
              event.preventDefault()
              void submit()
            }}
          >
            <TextField label={texts.reason} hint={texts.reasonHint} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
          </form>
          {failed !== undefined && <ProblemBox error={failed} />}
        </>
      )}
    </Dialog>
  )
}
