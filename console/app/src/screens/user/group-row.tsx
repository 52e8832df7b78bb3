import { memo, useId, useState } from 'react'
import { time } from '../../lib/format'
import { to } from '../../lib/route'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { classes } from '../../ui/classes'
import { Checkbox } from '../../ui/checkbox'
import { EndField } from '../../ui/ends'
import { texts } from './text'
import style from './user.module.css'

interface Props {
  group: string
  description: string
  before: string | null // when the saved membership ends, "never", or null for none
  end: string | null // likewise, with the draft
  editable: boolean
  explain: boolean // why it isn't editable
  onChange: (group: string, end: string | null) => void
}

/** GroupRow is one group of the list: whether the user is in it, and until when. */
export const GroupRow = memo(function GroupRow({ group, description, before, end, editable, explain, onChange }: Props) {
  const id = useId()
  const [choosing, setChoosing] = useState(false)
  const member = end !== null
  return (
    <li className={classes(style.row, style.groupRow)} data-changed={changeOf(before, end)}>
      {(editable || explain) && (
        <Checkbox
          id={id}
          checked={member}
          disabled={!editable}
          aria-describedby={`${id}-about`}
          onChange={(event) => {
            setChoosing(false)
            onChange(group, event.target.checked ? (before ?? 'never') : null)
          }}
        />
      )}
      <div className={style.what}>
        <p className={style.name}>
          {editable || explain ? <label htmlFor={id}>{group}</label> : <a href={to(['groups', group])}>{group}</a>} <State before={before} end={end} />
        </p>
        <p id={`${id}-about`} className={style.quiet}>
          {description}
          {explain && !editable && <> {texts.mayNotAssign}</>}
        </p>
        {choosing && member && (
          <div className={style.end}>
            <EndField label={texts.endOf(group)} value={end} onChange={(next) => onChange(group, next)} />
          </div>
        )}
      </div>
      <div className={style.tools}>
        {member && editable && !choosing && (
          <Button look="quiet" className={style.small} aria-label={`${end === 'never' ? texts.setEnd : texts.changeEnd}: ${group}`} onClick={() => setChoosing(true)}>
            {end === 'never' ? texts.setEnd : texts.changeEnd}
          </Button>
        )}
        {(editable || explain) && (
          <a href={to(['groups', group])} aria-label={`${texts.open} ${group}`}>
            {texts.open}
          </a>
        )}
      </div>
    </li>
  )
})

function changeOf(before: string | null, end: string | null): 'added' | 'removed' | 'changed' | undefined {
  if (before === end) return undefined
  if (before === null) return 'added'
  return end === null ? 'removed' : 'changed'
}

function State({ before, end }: { before: string | null; end: string | null }) {
  return (
    <>
      {before === null && end !== null && <Badge tone="good">{texts.joins}</Badge>}
      {before !== null && end === null && <Badge tone="bad">{texts.leaves}</Badge>}
      {before !== null && end !== null && before !== end && <Badge tone="accent">{texts.newEnd}</Badge>}
      {end !== null && end !== 'never' && <span className={style.until}> {texts.until(time(end))}</span>}
    </>
  )
}
