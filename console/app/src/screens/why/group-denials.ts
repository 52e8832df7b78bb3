import type { Schemas } from '../../api/problem'

type Denial = Schemas['Denial']

/** DeniedRequests are denials of the same route for want of the same permissions. */
export interface DeniedRequests {
  key: string
  method: string
  route: string
  missing: string[]
  oneIsEnough: boolean
  count: number
  users: string[]
  last: Denial
}

/** GroupDenials puts together what was denied for the same reason, the last first. Those that weren't recorded are counted too. */
export function groupDenials(denials: Denial[]): DeniedRequests[] {
  const groups = new Map<string, DeniedRequests>()
  for (const denial of denials) {
    const { method, route, missing, one_is_enough: oneIsEnough, user } = denial
    const key = JSON.stringify([method, route, missing.toSorted(), oneIsEnough])
    const group = groups.get(key) ?? { key, method, route, missing, oneIsEnough, count: 0, users: [], last: denial }
    group.count += 1 + denial.suppressed
    if (!group.users.includes(user)) group.users.push(user)
    if (Date.parse(denial.at) > Date.parse(group.last.at)) group.last = denial
    groups.set(key, group)
  }
  return [...groups.values()].toSorted((a, b) => Date.parse(b.last.at) - Date.parse(a.last.at))
}
