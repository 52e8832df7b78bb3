import { memo, useMemo, useState } from 'react'
import type { Schemas } from '../../api/problem'
import { matching } from '../../lib/catalog'
import { list, number, time } from '../../lib/format'
import { to } from '../../lib/route'
import { Badge, Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Search } from '../../ui/field'
import { Card, Empty } from '../../ui/page'
import { OriginSentence } from '../../ui/origin'
import { texts } from './text'
import style from './user.module.css'

type Held = Schemas['EffectivePermission']

/** EffectiveCard lists what the user may do, by category, and by what. */
export function EffectiveCard({ user }: { user: Schemas['User'] }) {
  const [search, setSearch] = useState('')
  const categories = useMemo(() => byCategory(user.effective, search), [user.effective, search])
  const count = user.effective_count ?? user.effective.length
  return (
    <Card title={texts.effective} aside={<a href={to(['why'], { user: user.id })}>{texts.why}</a>}>
      {count === 0 ? (
        <MayDoNothing user={user} />
      ) : (
        <>
          <p className={style.quiet}>{texts.effectiveHint}</p>
          <Search label={texts.find} value={search} onChange={setSearch} />
          {categories.length === 0 && <p role="status">{texts.noneFound}</p>}
          {categories.map(([name, held]) => (
            <section key={name} className={style.category} style={{ containIntrinsicBlockSize: `auto ${3 + 4 * held.length}rem` }}>
              <h3>
                {name || texts.uncategorized} <Badge>{number(held.length)}</Badge>
              </h3>
              <ul className={style.rows}>
                {held.map((permission) => (
                  <HeldRow key={permission.permission} held={permission} />
                ))}
              </ul>
            </section>
          ))}
          {count > user.effective.length && <p>{texts.effectiveCut(count - user.effective.length)}</p>}
        </>
      )}
    </Card>
  )
}

function byCategory(held: Held[], search: string): [name: string, held: Held[]][] {
  const matches = matching(search)
  const categories = new Map<string, Held[]>()
  for (const permission of held) {
    const name = (permission.category ?? []).join(' › ')
    if (!matches([name, permission.label, permission.permission].join(' '))) continue
    const category = categories.get(name)
    if (category) category.push(permission)
    else categories.set(name, [permission])
  }
  return [...categories]
}

const HeldRow = memo(function HeldRow({ held }: { held: Held }) {
  const [all, setAll] = useState(false)
  const { permission, label, origins, origin_count, until } = held
  const shown = all ? origins : origins.slice(0, 1)
  return (
    <li className={style.row}>
      <div className={style.what}>
        <p className={style.name}>
          {label ?? permission} {until && <Badge tone="warn">{texts.until(time(until))}</Badge>}
        </p>
        {label && <Code>{permission}</Code>}
      </div>
      <div className={style.origins}>
        {shown.map((origin, i) => (
          <p key={i}>
            <OriginSentence origin={origin} permission={permission} />
          </p>
        ))}
        {all && origin_count > origins.length && <p>{texts.moreOrigins(origin_count - origins.length)}</p>}
        {origin_count > 1 && (
          <Button look="quiet" className={style.small} aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? texts.fewerOrigins : texts.moreOrigins(origin_count - 1)}
          </Button>
        )}
      </div>
    </li>
  )
})

/** MayDoNothing says why someone has no permission, and what to do about it. */
function MayDoNothing({ user }: { user: Schemas['User'] }) {
  const who = user.display_name ?? user.id
  const groups = user.groups.map((membership) => membership.group)
  const hasRules = user.permissions.grants.length + user.permissions.restrictions.length > 0
  return (
    <Empty>
      <p>
        <strong>{texts.mayDoNothing(who)}</strong> {!user.known && texts.unknown(who)}
      </p>
      {groups.length > 0 && <p>{texts.groupsGiveNothing(list(groups))}</p>}
      {user.known && groups.length === 0 && !hasRules && <p>{texts.noGroupNoRule(who)}</p>}
      {user.allowed?.includes('update') && <p>{texts.putIn(who)}</p>}
    </Empty>
  )
}
