import { memo } from 'react'
import type { Schemas } from '../../api/problem'
import { Badge, Code } from '../../ui/badge'
import { Card, Empty } from '../../ui/page'
import { OriginSentence } from '../../ui/origin'
import { texts } from './text'
import style from './users.module.css'

type User = Schemas['User']
type Held = Schemas['EffectivePermission']

/** Comparison shows in three columns what only one of two people may do, and what both may. */
export function Comparison({ left, right }: { left: User; right: User }) {
  const [a, b] = [left.display_name ?? left.id, right.display_name ?? right.id]
  const { onlyLeft, both, onlyRight } = compare(left.effective, right.effective)
  return (
    <>
      {onlyLeft.length + onlyRight.length === 0 && (
        <Empty>
          <p>{both.length === 0 ? texts.neither(a, b) : texts.same(a, b)}</p>
        </Empty>
      )}
      <div className={style.columns}>
        <Column title={texts.only(a)} held={onlyLeft} origins />
        <Column title={texts.bothHave} held={both} />
        <Column title={texts.only(b)} held={onlyRight} origins />
      </div>
    </>
  )
}

/** Compare tells apart what is in one list, in both, and in the other. */
export function compare(left: Held[], right: Held[]) {
  const [inLeft, inRight] = [left, right].map((list) => new Set(list.map((held) => held.permission)))
  return {
    onlyLeft: left.filter((held) => !inRight?.has(held.permission)),
    both: left.filter((held) => inRight?.has(held.permission)),
    onlyRight: right.filter((held) => !inLeft?.has(held.permission)),
  }
}

const Column = memo(function Column({ title, held, origins = false }: { title: string; held: Held[]; origins?: boolean }) {
  return (
    <div>
      <Card title={title} aside={<Badge>{texts.count(held.length)}</Badge>}>
        {held.length === 0 ? (
          <p className={style.quiet}>{texts.none}</p>
        ) : (
          <ul className={style.permissions}>
            {held.map(({ permission, label, origins: from }) => (
              <li key={permission}>
                {label ?? permission}
                {label && <Code>{permission}</Code>}
                {origins && from[0] && (
                  <p className={style.quiet}>
                    <OriginSentence origin={from[0]} permission={permission} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  )
})
