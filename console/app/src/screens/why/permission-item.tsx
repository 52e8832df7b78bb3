import { useState } from 'react'
import type { Schemas } from '../../api/problem'
import { ago, time } from '../../lib/format'
import { to } from '../../lib/route'
import { actorName } from '../../review/acts'
import { Badge, Code, type Tone } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Path } from '../../ui/path'
import { texts } from './text'
import style from './why.module.css'

type Explained = Schemas['ExplainedPermission']
type State = 'held' | 'missing' | 'restricted' | 'blocked'

function stateOf({ allowed, origins }: Explained, blocked: boolean): State {
  if (allowed) return 'held'
  if (blocked || origins.some((origin) => origin.bad_row)) return 'blocked'
  return origins.some((origin) => origin.rule === 'restriction') ? 'restricted' : 'missing'
}

const shown: Record<State, { tone: Tone; text: string; why: string }> = {
  held: { tone: 'good', text: texts.held, why: '' },
  missing: { tone: 'bad', text: texts.isMissing, why: '' },
  restricted: { tone: 'bad', text: texts.restricted, why: texts.restrictionWins },
  blocked: { tone: 'bad', text: texts.blocked, why: texts.badRowWins },
}

const fewPaths = 3

/** PermissionItem says of one permission whether it is held, by which paths, and how it was lost. */
export function PermissionItem({ permission, blocked }: { permission: Explained; blocked: boolean }) {
  const [all, setAll] = useState(false)
  const { label, declared, until, origins, origin_count, lost } = permission
  const state = stateOf(permission, blocked)
  const given = origins.some((origin) => origin.rule === 'grant')
  const paths = all ? origins : origins.slice(0, fewPaths)
  return (
    <li className={style.item} data-state={state}>
      <span className={style.mark} aria-hidden="true" />
      <div className={style.what}>
        <p>
          <strong>{label ?? permission.permission}</strong> <Badge tone={shown[state].tone}>{shown[state].text}</Badge>{' '}
          {until && <Badge tone="warn">{texts.until(time(until))}</Badge>} {!declared && <Badge tone="warn">{texts.undeclared}</Badge>}
        </p>
        {label && <Code>{permission.permission}</Code>}
        {(state === 'blocked' || (state === 'restricted' && given)) && <p className={style.quiet}>{shown[state].why}</p>}
        {paths.length > 0 && (
          <ul aria-label={texts.pathsTo(label ?? permission.permission)} className={style.paths}>
            {paths.map((origin, i) => (
              <li key={i}>
                <Path origin={origin} />
              </li>
            ))}
            {all && origin_count > origins.length && <li>{texts.unlistedPaths(origin_count - origins.length)}</li>}
          </ul>
        )}
        {!all && origin_count > fewPaths && (
          <Button look="quiet" onClick={() => setAll(true)}>
            {texts.morePaths(origin_count - fewPaths)}
          </Button>
        )}
        {lost && (
          <p>
            {texts.lost(ago(lost.at), actorName(lost.actor))}{' '}
            <a href={to(['changes', String(lost.revision)])}>{texts.change(lost.revision)}</a> <span className={style.quiet}>{time(lost.at)}</span>
          </p>
        )}
      </div>
    </li>
  )
}
