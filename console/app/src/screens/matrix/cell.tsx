import { memo, type CSSProperties } from 'react'
import { classes } from '../../ui/classes'
import style from './cell.module.css'
import type { State } from './state'

interface Props {
  row: number
  column: number
  left: number
  width: number
  state: State
  held: boolean
  edited: 'added' | 'removed' | undefined
  readOnly: boolean
  label: string
  current: boolean // the one that the Tab key reaches
}

/** Cell shows how a group holds a permission. It draws itself again only when that changes. */
export const Cell = memo(function Cell({ row, column, left, width, state, held, edited, readOnly, label, current }: Props) {
  return (
    <div role="gridcell" aria-colindex={column + 2} className={style.cell} style={{ left, width } satisfies CSSProperties}>
      <div
        role="checkbox"
        aria-checked={held}
        aria-readonly={readOnly || undefined}
        aria-label={label}
        tabIndex={current ? 0 : -1}
        data-row={row}
        data-column={column}
        className={style.box}
      >
        <Mark state={state} edited={edited} muted={readOnly} />
      </div>
    </div>
  )
})

/** Mark is the shape of a state. */
export function Mark({ state, edited, muted = false }: { state: State; edited?: 'added' | 'removed'; muted?: boolean }) {
  return <span aria-hidden="true" className={classes(style.mark, style[state], edited && style[edited], muted && style.muted)} />
}
