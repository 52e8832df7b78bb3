import type { Entry } from '../../lib/catalog'
import { isHeld } from '../../lib/holdings'
import { to } from '../../lib/route'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Mark } from './cell'
import { editOf } from './grid-row'
import style from './matrix.module.css'
import { flips, how, stateOf } from './state'
import { texts } from './text'
import type { Matrix } from './use-matrix'

/** AboutCell says of the cell that is current how the group holds the permission, and why it can't be changed where that is so. */
export function AboutCell({ matrix, group, entry }: { matrix: Matrix; group: string; entry: Entry }) {
  const holding = matrix.holdings.of(group, entry.permission)
  const fixed = matrix.fixed(group)
  const others = isHeld(holding) && !holding.direct
  return (
    <section aria-label={texts.about} className={style.about}>
      <Mark state={stateOf(holding)} edited={editOf(matrix, group, entry.permission)} />
      <p>
        <a href={to(['groups', group])}>{group}</a> · {entry.label} <Code>{entry.permission}</Code>
        <span className={style.how}>
          {how(holding)}. {fixed ?? (!flips(holding) && texts.byOthers)}
        </span>
      </p>
      {!fixed && others && <Button onClick={() => matrix.flip(group, entry.permission)}>{texts.grantToo}</Button>}
    </section>
  )
}

/** Legend says what the shapes mean. */
export function Legend() {
  const states = ['direct', 'wildcard', 'inherited', 'restricted', 'none'] as const
  return (
    <ul aria-label={texts.legend} className={style.legend}>
      {states.map((state) => (
        <li key={state}>
          <Mark state={state} /> {texts.states[state]}
        </li>
      ))}
    </ul>
  )
}
