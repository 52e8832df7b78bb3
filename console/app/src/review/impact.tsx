import type { Change } from '../api/client'
import type { Schemas } from '../api/problem'
import { list } from '../lib/format'
import { useEntries } from '../lib/labels'
import { useNames } from '../shell/people'
import { useMyRights } from '../shell/rights'
import { Badge, Code, type Tone } from '../ui/badge'
import { Warning } from '../ui/warning'
import style from './review.module.css'
import { texts } from './text'

/** Impact says who gains and who loses what by a change. People with the same gains stand in one line. */
export function Impact({ change, lossesFirst = false }: { change: Change; lossesFirst?: boolean }) {
  const me = useMyRights().user
  if (change.gain_count === undefined || change.loss_count === undefined) return <p className={style.quiet}>{texts.unseen}</p>
  if (change.gain_count === 0 && change.loss_count === 0) return <p className={style.quiet}>{texts.noEffect}</p>
  const gains = change.gain_count > 0 && <Sets key="gains" title={texts.gain} tone="good" sets={change.gain_sets ?? []} count={change.gain_count} />
  const losses = change.loss_count > 0 && <Sets key="losses" title={texts.lose} tone="bad" sets={change.loss_sets ?? []} count={change.loss_count} />
  return (
    <>
      {change.losses?.some((loss) => loss.user === me) && <Warning>{texts.loseAccess}</Warning>}
      {lossesFirst ? [losses, gains] : [gains, losses]}
    </>
  )
}

function Sets({ title, tone, sets, count }: { title: string; tone: Tone; sets: Schemas['ImpactSet'][]; count: number }) {
  const name = useNames(sets.flatMap((set) => set.users))
  const shown = sets.reduce((sum, set) => sum + set.user_count, 0)
  return (
    <section>
      <h3>
        {title} <Badge tone={tone}>{texts.people(count)}</Badge>
      </h3>
      <ul className={style.sets}>
        {sets.map((set, i) => (
          <li key={i}>
            <p className={style.who}>{people(set, name)}</p>
            <Permissions set={set} tone={tone} />
          </li>
        ))}
        {count > shown && <li>{texts.moreSets(count - shown)}</li>}
      </ul>
    </section>
  )
}

function people(set: Schemas['ImpactSet'], name: (user: string) => string): string {
  const users = set.users.map((user) => (name(user) ? texts.person(name(user), user) : user))
  const more = set.user_count - users.length
  return list(more > 0 ? [...users, texts.morePeople(more)] : users)
}

const fewPermissions = 8

/** The permissions of a set, the first of them at once. */
function Permissions({ set, tone }: { set: Schemas['ImpactSet']; tone: Tone }) {
  const entries = useEntries()
  const item = (permission: string) => (
    <li key={permission}>
      <Code tone={tone}>{permission}</Code> <span className={style.quiet}>{entries.get(permission)?.label}</span>
    </li>
  )
  const count = set.permission_count ?? set.permissions.length
  if (count <= fewPermissions) return <ul className={style.permissions}>{set.permissions.map(item)}</ul>
  return (
    <details>
      <summary>{texts.permissions(count)}</summary>
      <ul className={style.permissions}>
        {set.permissions.map(item)}
        {count > set.permissions.length && <li>{texts.morePermissions(count - set.permissions.length)}</li>}
      </ul>
    </details>
  )
}
