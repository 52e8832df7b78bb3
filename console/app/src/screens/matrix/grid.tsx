import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type MouseEvent } from 'react'
import type { Matrix } from './use-matrix'
import { Lock } from '../../ui/lock'
import { GridRow } from './grid-row'
import style from './grid.module.css'
import { categoryHeight, columnWidth, firstWidth, headHeight, rowHeight, withCurrent } from './measures'
import type { Row } from './rows'
import { target } from './keys'
import { texts } from './text'

export interface Place {
  row: number
  column: number
}

interface Props {
  matrix: Matrix
  rows: Row[]
  groups: string[]
  at: Place
  onMove: (to: Place) => void
  onToggle: (at: Place) => void
}

/**
 * Grid is a table of which only the visible part is in the document, after the pattern "grid" of the ARIA Authoring
 * Practices: one cell has the focus, the arrow keys move it, Space toggles.
 */
export function Grid({ matrix, rows, groups, at, onMove, onToggle }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const focus = useRef(false) // the cell has to take the focus once it is there
  const lines = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (i) => (rows[i]?.entry ? rowHeight : categoryHeight),
    rangeExtractor: withCurrent(at.row),
    overscan: 6,
    paddingStart: headHeight,
    scrollPaddingStart: headHeight + 4,
    scrollPaddingEnd: 24,
    useFlushSync: false,
  })
  const columns = useVirtualizer({
    horizontal: true,
    count: groups.length,
    getScrollElement: () => box.current,
    estimateSize: () => columnWidth,
    rangeExtractor: withCurrent(at.column),
    overscan: 3,
    paddingStart: firstWidth,
    scrollPaddingStart: firstWidth + 4,
    scrollPaddingEnd: 24,
    useFlushSync: false,
  })

  // Other rows have other heights: which of them are categories depends on the search.
  useLayoutEffect(() => {
    lines.measure()
  }, [rows, lines])

  useEffect(() => {
    if (!focus.current) return
    focus.current = false
    box.current?.querySelector<HTMLElement>(`[data-row="${at.row}"][data-column="${at.column}"]`)?.focus({ preventScroll: true })
  }, [at])

  function move(to: Place) {
    focus.current = true
    lines.scrollToIndex(to.row)
    columns.scrollToIndex(to.column)
    onMove(to)
  }

  function pressed(event: KeyboardEvent) {
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault()
      onToggle(at)
      return
    }
    const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1)
    const to = target(event, at, rows, groups.length, page)
    if (!to) return
    event.preventDefault()
    move(to)
  }

  function clicked(event: MouseEvent) {
    const cell = (event.target as Element).closest<HTMLElement>('[data-row]')
    if (!cell) return
    const to = { row: Number(cell.dataset.row), column: Number(cell.dataset.column) }
    cell.focus({ preventScroll: true })
    onMove(to)
    onToggle(to)
  }

  const visible = columns.getVirtualItems()
  const width = columns.getTotalSize()
  return (
    <div
      ref={box}
      role="grid"
      aria-label={texts.grid}
      aria-rowcount={rows.length + 1}
      aria-colcount={groups.length + 1}
      className={style.grid}
      onKeyDown={pressed}
      onClick={clicked}
    >
      <div role="presentation" className={style.inside} style={{ height: lines.getTotalSize(), width }}>
        <div role="row" aria-rowindex={1} className={style.head} style={{ height: headHeight, width }}>
          <div role="columnheader" aria-colindex={1} className={style.corner} style={{ width: firstWidth }}>
            {texts.permission}
          </div>
          {visible.map((column) => (
            <div key={column.key} role="columnheader" aria-colindex={column.index + 2} className={style.columnHead} style={{ left: column.start, width: columnWidth }}>
              <span title={groups[column.index]}>
                {matrix.fixed(groups[column.index] ?? '') !== undefined && <Lock />}
                {groups[column.index]}
              </span>
            </div>
          ))}
        </div>
        {lines.getVirtualItems().map((line) => (
          <GridRow key={line.key} matrix={matrix} row={rows[line.index]} index={line.index} top={line.start} width={width} columns={visible} groups={groups} at={at} />
        ))}
      </div>
    </div>
  )
}
