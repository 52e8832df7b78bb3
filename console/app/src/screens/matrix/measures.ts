import { defaultRangeExtractor, type Range } from '@tanstack/react-virtual'

/** The sizes of the grid in pixels. */
export const rowHeight = 44
export const categoryHeight = 34
export const headHeight = 58
export const columnWidth = 128
export const firstWidth = 300

/** WithCurrent keeps the current cell in the document when it is scrolled away, so that the Tab key still reaches it. */
export const withCurrent = (current: number) => (range: Range) => {
  const visible = defaultRangeExtractor(range)
  return visible.includes(current) || current >= range.count ? visible : [...visible, current].sort((a, b) => a - b)
}
