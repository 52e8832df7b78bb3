import type { VirtualItem } from '@tanstack/react-virtual'
import { isHeld } from '../../lib/holdings'
import { Cell } from './cell'
import type { Place } from './grid'
import style from './grid.module.css'
import { categoryHeight, columnWidth, firstWidth, rowHeight } from './measures'
import type { Row } from './rows'
import { flips, how, stateOf } from './state'
import { texts } from './text'
import type { Matrix } from './use-matrix'

interface Props {
  matrix: Matrix
  row: Row | undefined
  index: number
  top: number
  width: number
  columns: VirtualItem[]
  groups: string[]
  at: Place
}

export function GridRow({ matrix, row, index, top, width, columns, groups, at }: Props) {
  if (!row) return null
  const place = { transform: `translateY(${top}px)`, height: row.entry ? rowHeight : categoryHeight, width }
  if (!row.entry) {
    return (
      <div role="row" aria-rowindex={index + 2} className={style.category} style={place}>
        <div role="rowheader" aria-colindex={1} aria-colspan={groups.length + 1}>
          <span>{row.category.join(' › ')}</span>
        </div>
      </div>
    )
  }
  const { permission, label } = row.entry
  return (
    <div role="row" aria-rowindex={index + 2} className={style.row} style={place}>
      <div role="rowheader" aria-colindex={1} className={style.rowHead} style={{ width: firstWidth }}>
        <span title={label}>{label}</span>
        <code title={permission}>{permission}</code>
      </div>
      {columns.map((column) => {
        const group = groups[column.index] ?? ''
        const holding = matrix.holdings.of(group, permission)
        return (
          <Cell
            key={column.key}
            row={index}
            column={column.index}
            left={column.start}
            width={columnWidth}
            state={stateOf(holding)}
            held={isHeld(holding)}
            edited={editOf(matrix, group, permission)}
            readOnly={matrix.fixed(group) !== undefined || !flips(holding)}
            label={texts.cell(group, label, how(holding))}
            current={at.row === index && at.column === column.index}
          />
        )
      })}
    </div>
  )
}

/** EditOf is what the draft does to a cell. */
export function editOf({ draft }: Matrix, group: string, permission: string): 'added' | 'removed' | undefined {
  const delta = draft[group]?.delta
  if (delta?.grant.includes(permission)) return 'added'
  if (delta?.revoke.includes(permission)) return 'removed'
  return undefined
}
