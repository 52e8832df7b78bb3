import type { Place } from './grid'
import type { Row } from './rows'

interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
}

/** Target is the cell that a key leads to. Categories have no cells and are skipped. */
export function target({ key, ctrlKey, metaKey }: Pressed, { row, column }: Place, rows: Row[], columns: number, page: number): Place | undefined {
  const whole = ctrlKey || metaKey
  const last = columns - 1
  const down = (to: number) => nearest(rows, Math.min(to, rows.length - 1), to >= rows.length - 1 ? -1 : 1, row)
  const up = (to: number) => nearest(rows, Math.max(to, 0), to <= 0 ? 1 : -1, row)
  switch (key) {
    case 'ArrowDown':
      return { row: down(row + 1), column }
    case 'ArrowUp':
      return { row: up(row - 1), column }
    case 'PageDown':
      return { row: down(row + page), column }
    case 'PageUp':
      return { row: up(row - page), column }
    case 'ArrowRight':
      return { row, column: Math.min(column + 1, last) }
    case 'ArrowLeft':
      return { row, column: Math.max(column - 1, 0) }
    case 'Home':
      return { row: whole ? up(0) : row, column: 0 }
    case 'End':
      return { row: whole ? down(rows.length) : row, column: last }
    default:
      return undefined
  }
}

/** Nearest is the first row with a permission, from one on in a direction. */
export function nearest(rows: Row[], from: number, step: 1 | -1, otherwise = 0): number {
  for (let i = from; i >= 0 && i < rows.length; i += step) {
    if (rows[i]?.entry) return i
  }
  return otherwise
}
