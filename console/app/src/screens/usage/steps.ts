import type { Schemas } from '../../api/problem'

/** Step is what a proposed operation takes away: a membership of the user, or own grants of the user or the group. */
export type Step = { leaves: string } | { revokes: string[] }

const ofMember = /^\/groups\/([^/?]+)\/members\/[^/?]+$/

/** Steps says what proposed operations take away. */
export function steps(operations: Schemas['FixOperation'][]): Step[] {
  return operations.map(({ method, path, body }) => {
    const group = ofMember.exec(path)?.[1]
    return method === 'DELETE' && group !== undefined ? { leaves: decodeURIComponent(group) } : { revokes: body?.revoke ?? [] }
  })
}
