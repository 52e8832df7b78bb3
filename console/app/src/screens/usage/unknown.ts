import { dayAfter } from './days'
import type { Subject, Usage } from './queries'

export type Unknown =
  | { why: 'stopped' } // uses are not recorded any more
  | { why: 'recorded'; from: string } // not for so many days yet; from that day on
  | { why: 'empty' } // nobody is in the group
  | { why: 'new' } // all members came during these days
  | { why: 'held' } // it was not held, or given, on all these days; or there are too many changes to find out

/** WhyUnknown says why it isn't known whether some permissions were unused for so many days. */
export function whyUnknown({ recorded, today, member_count = 0, new_member_count = 0 }: Usage, kind: Subject['kind'], days: number): Unknown {
  if (!recorded || recorded.until < dayAfter(today, -1)) return { why: 'stopped' }
  if (recorded.since > dayAfter(today, -days)) return { why: 'recorded', from: dayAfter(recorded.since, days) }
  if (kind === 'user' || new_member_count < member_count) return { why: 'held' }
  return { why: member_count === 0 ? 'empty' : 'new' }
}
