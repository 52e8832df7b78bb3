/** Midnight is the end of today, where the reader is. */
export function midnight(now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1)
}

/** InWeek is the same time in seven days, which a change of the clocks doesn't move. */
export function inWeek(now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 7, now.getHours(), now.getMinutes())
}

/** LocalMinute writes a time as an input of the type datetime-local has it. */
export function localMinute(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}
