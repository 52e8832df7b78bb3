import { expect, test } from 'vitest'
import { dayAfter, dayChoices, readDays } from './days'

test('the days of an address are a number from 1 to 3650, or 90', () => {
  for (const [text, days] of [['30', 30], ['3650', 3650], ['1', 1], ['0', 90], ['3651', 90], ['-5', 90], ['1.5', 90], ['many', 90], ['', 90], [null, 90]] as const) {
    expect(readDays(text), String(text)).toBe(days)
  }
})

test('a number of days that an address has is among the choices', () => {
  expect(dayChoices(90)).toEqual([30, 90, 180, 365])
  expect(dayChoices(45)).toEqual([30, 45, 90, 180, 365])
})

test('days are counted over months and leap years', () => {
  expect(dayAfter('2028-02-28', 2)).toBe('2028-03-01')
  expect(dayAfter('2026-01-01', -1)).toBe('2025-12-31')
})
