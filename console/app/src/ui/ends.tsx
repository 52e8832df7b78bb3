import { useId, useState } from 'react'
import { inWeek, localMinute, midnight } from '../lib/ends'
import { time } from '../lib/format'
import { Field, inputClass } from './field'
import { texts } from './text'

/** End is when a membership ends: a time (RFC 3339), or "never". */
export type End = string

type Kind = 'never' | 'today' | 'week' | 'date'

/** EndField chooses when memberships end: today, in a week, at a time, or never. */
export function EndField({ label = texts.until, value, onChange }: { label?: string; value: End; onChange: (end: End) => void }) {
  const [kind, setKind] = useState<Kind>(value === 'never' ? 'never' : 'date')
  const dateId = useId()
  function choose(next: Kind) {
    setKind(next)
    if (next === 'never') onChange('never')
    else onChange((next === 'today' ? midnight() : inWeek()).toISOString())
  }
  return (
    <>
      <Field label={label} hint={kind === 'never' ? undefined : texts.endsAt(time(value))}>
        {(ids) => (
          <select {...ids} className={inputClass} value={kind} onChange={(event) => choose(event.target.value as Kind)}>
            <option value="never">{texts.forGood}</option>
            <option value="today">{texts.today}</option>
            <option value="week">{texts.week}</option>
            <option value="date">{texts.onDate}</option>
          </select>
        )}
      </Field>
      {kind === 'date' && (
        <div>
          <label htmlFor={dateId}>{texts.date}</label>
          <input
            id={dateId}
            type="datetime-local"
            className={inputClass}
            min={localMinute(new Date())}
            value={localMinute(new Date(value))}
            onChange={(event) => event.target.value && onChange(new Date(event.target.value).toISOString())}
          />
        </div>
      )}
    </>
  )
}
