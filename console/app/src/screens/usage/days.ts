export const defaultDays = 90

const usual = [30, defaultDays, 180, 365]
const most = 3650 // that the interface answers for

/** ReadDays reads for how many days permissions must be unused from an address. */
export function readDays(text: string | null): number {
  const days = Number(text)
  return Number.isInteger(days) && days >= 1 && days <= most ? days : defaultDays
}

/** DayChoices are the numbers of days to choose from; one that an address has is among them. */
export const dayChoices = (days: number) => [...new Set([...usual, days])].sort((a, b) => a - b)

/** DayAfter returns the day so many days after a day, or before it. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)
}
