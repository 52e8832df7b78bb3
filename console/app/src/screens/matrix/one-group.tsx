import { memo, useCallback, useEffect, useRef } from 'react'
import type { Entry } from '../../lib/catalog'
import { isHeld } from '../../lib/holdings'
import { Field, inputClass } from '../../ui/field'
import { Mark } from './cell'
import { editOf } from './grid-row'
import style from './matrix.module.css'
import type { Row } from './rows'
import { flips, how, stateOf, type State } from './state'
import { texts } from './text'
import type { Matrix } from './use-matrix'

interface Props {
  matrix: Matrix
  rows: Row[]
  groups: string[]
  group: string
  onChoose: (group: string) => void
}

/** OneGroup is the matrix on a phone: a column of it. */
export function OneGroup({ matrix, rows, groups, group, onChoose }: Props) {
  const flip = useRef(matrix.flip)
  useEffect(() => {
    flip.current = matrix.flip
  })
  const toggle = useCallback((permission: string) => flip.current(group, permission), [group])
  const fixed = matrix.fixed(group)
  return (
    <>
      <Field label={texts.group} hint={fixed}>
        {(ids) => (
          <select {...ids} className={inputClass} value={group} onChange={(event) => onChoose(event.target.value)}>
            {groups.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      <ul className={style.list}>
        {rows.map((row) => {
          if (!row.entry) {
            return (
              <li key={row.category.join('\n')} className={style.listCategory}>
                <h2>{row.category.join(' › ')}</h2>
              </li>
            )
          }
          const holding = matrix.holdings.of(group, row.entry.permission)
          return (
            <Item
              key={row.entry.permission}
              entry={row.entry}
              state={stateOf(holding)}
              held={isHeld(holding)}
              how={how(holding)}
              edited={editOf(matrix, group, row.entry.permission)}
              readOnly={fixed !== undefined || !flips(holding)}
              onToggle={toggle}
            />
          )
        })}
      </ul>
    </>
  )
}

interface ItemProps {
  entry: Entry
  state: State
  held: boolean
  how: string
  edited: 'added' | 'removed' | undefined
  readOnly: boolean
  onToggle: (permission: string) => void
}

const Item = memo(function Item({ entry, state, held, how, edited, readOnly, onToggle }: ItemProps) {
  const { permission, label } = entry
  return (
    <li className={style.item}>
      <button
        type="button"
        role="checkbox"
        aria-checked={held}
        aria-disabled={readOnly || undefined}
        className={style.itemButton}
        onClick={() => !readOnly && onToggle(permission)}
      >
        <Mark state={state} edited={edited} muted={readOnly} />
        <span>
          {label} <code>{permission}</code>
          {state !== 'none' && <span className={style.how}>{how}</span>}
        </span>
      </button>
    </li>
  )
})
