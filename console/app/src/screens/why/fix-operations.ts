import type { Operation } from '../../api/operation'
import type { Schemas } from '../../api/problem'

type Fix = Schemas['Fix']

const toMember = /^\/groups\/[^/?]+\/members\/[^/?]+$/
const toMembers = /^\/groups\/[^/?]+\/members$/

/** Joins reports whether a fix puts the user into groups, so that it can be for a time. */
export const joins = (fix: Fix): boolean => (fix.groups?.length ?? 0) > 0

/** OperationsUntil are the operations of a fix, with an end of the memberships that it makes; "never" is none. */
export function operationsUntil(fix: Fix, end: string): Operation[] {
  return fix.operations.map((operation) => {
    const { method, path } = operation
    const body = operation.body as Record<string, never> | null
    if (end === 'never') return { method, path, body }
    if (method === 'PUT' && toMember.test(path)) return { method, path: `${path}?until=${encodeURIComponent(end)}`, body }
    if (method === 'PATCH' && toMembers.test(path)) return { method, path, body: { ...body, until: end } as unknown as Record<string, never> }
    return { method, path, body }
  })
}
