import { useState } from 'react'
import type { Change } from '../../api/client'
import type { Schemas } from '../../api/problem'
import { Review } from '../../review/review'
import { EndField } from '../../ui/ends'
import { Field, inputClass } from '../../ui/field'
import { Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { FixItem, useFixTitle } from './fix-item'
import { joins, operationsUntil } from './fix-operations'
import type { useExplanation } from './queries'
import { texts } from './text'
import style from './why.module.css'

type Fix = Schemas['Fix']

interface Props {
  explanation: ReturnType<typeof useExplanation>
  who: string
  choices?: { permissions: Schemas['ExplainedPermission'][]; wanted: string; onChoose: (permission: string) => void }
  onApplied: (change: Change) => void
}

/** Fixes lists the ways to let someone do it, those with the fewest side effects first. Each is reviewed and saved from here. */
export function Fixes({ explanation, who, choices, onApplied }: Props) {
  const [reviewed, setReviewed] = useState<Fix>()
  const { data } = explanation
  return (
    <section className={style.section}>
      <h2>{texts.fixes}</h2>
      {choices && <WhichOne {...choices} />}
      {explanation.isPending && <Loading />}
      {explanation.error && <ProblemBox error={explanation.error} onRetry={() => void explanation.refetch()} />}
      {data && !data.fixes?.length && (
        <Empty>
          <p>{texts.noFixes}</p>
        </Empty>
      )}
      <ol className={style.fixes}>
        {data?.fixes?.map((fix, i) => (
          <FixItem key={JSON.stringify(fix.operations)} fix={fix} who={who} user={data.user} first={i === 0 && !fix.groups?.includes('Administrators')} onReview={setReviewed} />
        ))}
      </ol>
      {data?.more && <p className={style.quiet}>{texts.moreFixes}</p>}
      {reviewed && data && (
        <ReviewFix
          fix={reviewed}
          who={who}
          user={data.user}
          onClose={() => setReviewed(undefined)}
          onSaved={(change) => {
            setReviewed(undefined)
            onApplied(change)
          }}
        />
      )}
    </section>
  )
}

/** WhichOne chooses among permissions of which one is enough. */
function WhichOne({ permissions, wanted, onChoose }: NonNullable<Props['choices']>) {
  return (
    <Field label={texts.fixFor}>
      {(ids) => (
        <select {...ids} className={inputClass} value={wanted} onChange={(event) => onChoose(event.target.value)}>
          {permissions.map(({ permission, label }) => (
            <option key={permission} value={permission}>
              {label ?? permission}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function ReviewFix({ fix, who, user, onClose, onSaved }: { fix: Fix; who: string; user: string; onClose: () => void; onSaved: (change: Change) => void }) {
  const [end, setEnd] = useState('never')
  const title = useFixTitle(fix, who, user)
  return (
    <Review title={title} operations={operationsUntil(fix, end)} cancelText={uiTexts.cancel} onClose={onClose} onSaved={onSaved}>
      {joins(fix) && <EndField value={end} onChange={setEnd} />}
    </Review>
  )
}
