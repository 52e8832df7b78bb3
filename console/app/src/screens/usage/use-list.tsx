import { useState } from 'react'
import type { Schemas } from '../../api/problem'
import { daysAgo, utcDay } from '../../lib/format'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { texts } from './text'
import style from './usage.module.css'

const few = 100 // drawn at once

interface Props {
  label: string
  uses: Schemas['PermissionUse'][]
  today: string
}

/** UseList lists permissions with the day when each was last used, the first of them at once. */
export function UseList({ label, uses, today }: Props) {
  const [all, setAll] = useState(false)
  const shown = all ? uses : uses.slice(0, few)
  if (uses.length === 0) return null
  return (
    <>
      <ul className={style.uses} aria-label={label}>
        {shown.map(({ permission, label, category, last_used }) => (
          <li key={permission}>
            <div className={style.what}>
              <p className={style.name}>{label ?? permission}</p>
              <p className={style.quiet}>
                {label && <Code>{permission}</Code>} {category?.join(' › ') || texts.uncategorized}
              </p>
            </div>
            <p className={style.day}>{last_used ? texts.lastUsed(utcDay(last_used), daysAgo(last_used, today)) : texts.neverUsed}</p>
          </li>
        ))}
      </ul>
      {shown.length < uses.length && (
        <p>
          <Button onClick={() => setAll(true)}>{texts.more(uses.length - shown.length)}</Button>
        </p>
      )}
    </>
  )
}
