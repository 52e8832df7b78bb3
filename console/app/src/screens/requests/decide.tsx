import { useState } from 'react'
import type { AccessRequest } from '../../api/requests'
import type { Schemas } from '../../api/problem'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { EndField } from '../../ui/ends'
import { Empty } from '../../ui/page'
import { Warning } from '../../ui/warning'
import { BadRows } from '../why/bad-rows'
import { FixItem } from '../why/fix-item'
import { joins } from '../why/fix-operations'
import why from '../why/why.module.css'
import { ApproveFix, ApproveHeld } from './approve'
import { Decline } from './decline'
import style from './requests.module.css'
import { texts } from './text'

interface Props {
  request: AccessRequest
  stale: boolean // the fixes for the chosen end aren't there yet
  until: string | undefined
  onUntil: (until: string) => void
  onConflict: (what: string) => void
  onDecided: (what: string) => void
}

/** Decide approves an open request through one of its fixes, or declines it. */
export function Decide({ request, stale, until, onUntil, onConflict, onDecided }: Props) {
  const [fix, setFix] = useState<Schemas['Fix']>()
  const [declining, setDeclining] = useState(false)
  const who = request.display_name ?? request.user
  const end = until ?? request.until ?? 'never'
  const held = request.fixes?.length === 0 && !request.bad_rows && (request.one_is_enough ? request.missing?.length !== request.permissions?.length : request.missing?.length === 0)
  if (useMyRights().user === request.user) return <Warning>{texts.own}</Warning>
  const close = { onClose: () => setFix(undefined), onConflict: (what: string) => { setFix(undefined); setDeclining(false); onConflict(what) } }
  return (
    <section className={why.section}>
      <h2>{texts.ways}</h2>
      {request.bad_rows && <BadRows rows={request.bad_rows} count={request.bad_row_count ?? request.bad_rows.length} />}
      {held ? (
        <ApproveHeld request={request} onConflict={onConflict} onDecided={onDecided} />
      ) : (
        <>
          {request.fixes?.some(joins) && (
            <div className={style.end}>
              <EndField label={texts.ends} value={end} onChange={onUntil} />
            </div>
          )}
          {!request.fixes?.length && !request.bad_rows && (
            <Empty>
              <p>{texts.noFixes}</p>
            </Empty>
          )}
          <ol className={why.fixes} aria-busy={stale}>
            {request.fixes?.map((one, i) => (
              <FixItem
                key={JSON.stringify(one.operations)}
                fix={one}
                who={who}
                user={request.user}
                first={i === 0 && one.allowed && !one.groups?.includes('Administrators')}
                reviewText={texts.approveWith}
                note={end !== 'never' && !joins(one) ? texts.cannotEnd : undefined}
                onReview={stale ? undefined : setFix}
              />
            ))}
          </ol>
          {request.more && <p className={why.quiet}>{texts.moreFixes}</p>}
        </>
      )}
      <p>
        <Button look="danger" onClick={() => setDeclining(true)}>
          {texts.decline}
        </Button>
      </p>
      {fix && <ApproveFix request={request} fix={fix} who={who} {...close} onApproved={() => { setFix(undefined); onDecided(texts.approved(who)) }} />}
      {declining && <Decline request={request} onClose={() => setDeclining(false)} onConflict={close.onConflict} onDeclined={() => { setDeclining(false); onDecided(texts.declined) }} />}
    </section>
  )
}
