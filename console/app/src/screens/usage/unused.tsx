import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import { utcDay } from '../../lib/format'
import { replace, to } from '../../lib/route'
import { Field, inputClass } from '../../ui/field'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Warning } from '../../ui/warning'
import { dayChoices, defaultDays } from './days'
import { Proposal } from './proposal'
import type { Subject, Usage as Answer } from './queries'
import { texts } from './text'
import { whyUnknown } from './unknown'
import type { Props as UsageProps } from './usage'
import style from './usage.module.css'
import { UseList } from './use-list'

interface Props extends UsageProps {
  days: number
  unused: UseQueryResult<Answer>
}

/** Unused lists what is known to be unused for some days, and says what isn't known, and why. */
export function Unused({ unused, ...props }: Props) {
  const { subject, who, days } = props
  const [notice, setNotice] = useState('')
  const usage = unused.data
  return (
    <Card title={texts.unused} aside={<ChooseDays subject={subject} days={days} />}>
      {notice && <Warning role="alert">{notice}</Warning>}
      {unused.error && <ProblemBox error={unused.error} onRetry={() => void unused.refetch()} />}
      {unused.isPending && <Loading />}
      {usage && (
        <>
          <div role="status">
            <p className={style.name}>{texts.known(usage.permission_count, texts.days(days))}</p>
            {!!usage.unknown_count && (
              <p>
                {texts.unknown(usage.unknown_count)} {because(usage, subject.kind, days, who)}
              </p>
            )}
            {!!usage.new_member_count && usage.permission_count > 0 && <p>{texts.newMembers(usage.new_member_count, usage.member_count ?? 0)}</p>}
          </div>
          <UseList key={days} label={texts.unused} uses={usage.permissions} today={usage.today} />
          {usage.permission_count > 0 && (
            <Proposal
              {...props}
              usage={usage}
              onStale={() => {
                setNotice(texts.changed)
                void unused.refetch()
              }}
              onSaved={(change) => {
                setNotice('')
                props.onSaved(change)
              }}
            />
          )}
        </>
      )}
    </Card>
  )
}

function because(usage: Answer, kind: Subject['kind'], days: number, who: string): string {
  const unknown = whyUnknown(usage, kind, days)
  switch (unknown.why) {
    case 'recorded':
      return texts.why.recorded(utcDay(unknown.from))
    case 'held':
      return kind === 'user' ? texts.why.heldBy(who) : texts.why.givenBy(who)
    default:
      return texts.why[unknown.why]
  }
}

/** ChooseDays changes the address, so that a link leads to the same answer. */
function ChooseDays({ subject, days }: { subject: Subject; days: number }) {
  const choose = (chosen: string) =>
    replace(to([`${subject.kind}s`, subject.name], { view: 'usage', unused_for: chosen === String(defaultDays) ? undefined : chosen }))
  return (
    <div className={style.days}>
      <Field label={texts.unusedFor}>
        {(ids) => (
          <select {...ids} className={inputClass} value={days} onChange={(event) => choose(event.target.value)}>
            {dayChoices(days).map((n) => (
              <option key={n} value={n}>
                {texts.days(n)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  )
}
