import { locale } from '../text/language'

const integer = new Intl.NumberFormat(locale)
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
const dayOnly = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const utcDayOnly = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
const timeOnly = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
const listed = new Intl.ListFormat(locale, { type: 'conjunction' })
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

const megabytes = new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 })
const kilobytes = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 })

/** Size says how many bytes a file has, in thousands or millions of them. */
export const size = (bytes: number) => (bytes < 1e6 ? kilobytes.format(bytes / 1e3) : megabytes.format(bytes / 1e6))
export const number = (n: number) => integer.format(n)
export const time = (at: string | Date) => dateAndTime.format(new Date(at))
export const timeOfDay = (at: string | Date) => timeOnly.format(new Date(at))
export const day = (at: string | Date) => dayOnly.format(new Date(at))
/** UtcDay writes a day of the UTC calendar, such as 2026-03-01. */
export const utcDay = (day: string) => utcDayOnly.format(new Date(day))
export const list = (items: string[]) => listed.format(items)

const steps: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400], ['hour', 3_600], ['minute', 60],
]

/** Ago says how far a time is away, such as "2 hours ago" or "in 3 days". */
export function ago(at: string | Date, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return relative.format(Math.trunc(seconds), 'second')
}

/** DaysAgo says how long before another day a day was, such as "today" or "3 days ago". */
export const daysAgo = (day: string, today: string) => relative.format(Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000), 'day')
