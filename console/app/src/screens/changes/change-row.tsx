import { memo } from 'react'
import type { Change } from '../../api/client'
import { timeOfDay } from '../../lib/format'
import { to } from '../../lib/route'
import { act, channelName } from '../../review/acts'
import { Actor } from '../../review/actor'
import { sentence } from '../../review/difference'
import { Badge, Code } from '../../ui/badge'
import style from './changes.module.css'
import { texts } from './text'

/** ChangeRow is a change in a line or two: what, who, when, why. */
export const ChangeRow = memo(function ChangeRow({ change }: { change: Change }) {
  return (
    <li className={style.row}>
      <div className={style.what}>
        <a href={to(['changes', String(change.revision)])}>
          <span className={style.revision}>{change.revision}</span> {act(change)}
        </a>
        <Counts change={change} />
        <Lines change={change} />
        {change.reason && <p className={style.reason}>{texts.because(change.reason)}</p>}
      </div>
      <p className={style.who}>
        <Actor actor={change.actor} />
        <span className={style.when} title={channelName(change.channel)}>
          {change.at && <time dateTime={change.at}>{timeOfDay(change.at)}</time>}
        </span>
      </p>
    </li>
  )
})

function Counts({ change }: { change: Change }) {
  return (
    <span className={style.counts}>
      {change.fault && <Badge tone="bad">{texts.unreadable}</Badge>}
      {change.added_count > 0 && <Badge tone="good">{texts.added(change.added_count)}</Badge>}
      {change.removed_count > 0 && <Badge tone="bad">{texts.removed(change.removed_count)}</Badge>}
    </span>
  )
}

/** The rules of a change that has only few of them. */
function Lines({ change }: { change: Change }) {
  if (change.added_count + change.removed_count !== change.added.length + change.removed.length) return null
  const lines = [...change.added.map((rule) => ({ rule, sign: '+' })), ...change.removed.map((rule) => ({ rule, sign: '−' }))]
  return lines.map(({ rule, sign }, i) => (
    <p key={i} className={style.line}>
      {sign} {sentence(rule)} {rule.pattern && <Code>{rule.pattern}</Code>}
    </p>
  ))
}
