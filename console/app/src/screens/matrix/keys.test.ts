import { expect, test } from 'vitest'
import { target } from './keys'
import type { Row } from './rows'

const row = (name: string): Row => ({ category: ['C'], entry: { permission: name, label: name, category: ['C'] } })
const rows: Row[] = [{ category: ['C'] }, row('a:a'), row('a:b'), { category: ['D'] }, row('d:a'), row('d:b')]
const press = (key: string, at = { row: 2, column: 1 }, ctrlKey = false) => target({ key, ctrlKey, metaKey: false }, at, rows, 3, 2)

test.each([
  ['ArrowDown', 4, 1],
  ['ArrowUp', 1, 1],
  ['ArrowRight', 2, 2],
  ['ArrowLeft', 2, 0],
  ['PageDown', 4, 1],
  ['PageUp', 1, 1],
  ['Home', 2, 0],
  ['End', 2, 2],
])('%s', (key, row, column) => {
  expect(press(key)).toEqual({ row, column })
})

test('the ends of the grid are ends', () => {
  expect(press('ArrowUp', { row: 1, column: 0 })).toEqual({ row: 1, column: 0 })
  expect(press('ArrowDown', { row: 5, column: 0 })).toEqual({ row: 5, column: 0 })
  expect(press('ArrowRight', { row: 5, column: 2 })).toEqual({ row: 5, column: 2 })
  expect(press('Home', { row: 5, column: 2 }, true)).toEqual({ row: 1, column: 0 })
  expect(press('End', { row: 1, column: 0 }, true)).toEqual({ row: 5, column: 2 })
})

test('other keys are the browser’s', () => {
  expect(press('Tab')).toBeUndefined()
})
