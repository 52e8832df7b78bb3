import { expect, test } from 'vitest'
import css from './base.css?raw'

// axe can't judge the contrast of every state, so the tokens are judged themselves, by WCAG 2.2 (1.4.3 and 1.4.11).
const tokens = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name!, [light!, dark!] as const]))

const surfaces = ['page', 'surface', 'raised']
const texts: [text: string, backgrounds: string[]][] = [
  ['text', [...surfaces, 'accent-soft', 'good-soft', 'bad-soft', 'warn-soft']],
  ['quiet', [...surfaces, 'accent-soft']],
  ['accent-text', [...surfaces, 'accent-soft', 'bad-soft', 'warn-soft']],
  ['on-accent', ['accent', 'accent-strong']],
  ['good', ['surface', 'good-soft']],
  ['bad', ['surface', 'bad-soft']],
  ['warn', ['surface', 'warn-soft']],
]
const controls: [line: string, backgrounds: string[]][] = [
  ['control-line', surfaces],
  ['accent', [...surfaces, 'accent-soft']],
]

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

for (const [least, pairs] of [[4.5, texts], [3, controls]] as const) {
  for (const [front, backgrounds] of pairs) {
    test.each(backgrounds)(`${front} on %s has a contrast of ${least}`, (back) => {
      for (const theme of [0, 1]) {
        expect(contrast(tokens.get(front)![theme]!, tokens.get(back)![theme]!)).toBeGreaterThanOrEqual(least)
      }
    })
  }
}
