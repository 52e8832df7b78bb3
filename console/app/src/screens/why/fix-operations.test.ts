import { expect, test } from 'vitest'
import type { Schemas } from '../../api/problem'
import { operationsUntil } from './fix-operations'

const fix = {
  operations: [
    { method: 'PUT', path: '/groups/Requests%20desk/members/cleo', body: null },
    { method: 'PATCH', path: '/groups/Desk/members', body: { add: ['cleo'] } },
    { method: 'DELETE', path: '/groups/Trainees/members/cleo', body: null },
    { method: 'PATCH', path: '/users/cleo/permissions', body: { grant: ['a:x'] } },
  ],
} as unknown as Schemas['Fix']

test('without an end, operations are sent as they are', () => {
  expect(operationsUntil(fix, 'never')).toEqual(fix.operations)
})

test('an end belongs to the memberships that are made, and to nothing else', () => {
  const end = '2027-01-01T00:00:00.000Z'
  const [put, patch, ...rest] = operationsUntil(fix, end)
  expect(put?.path).toBe('/groups/Requests%20desk/members/cleo?until=2027-01-01T00%3A00%3A00.000Z')
  expect(patch?.body).toEqual({ add: ['cleo'], until: end })
  expect(rest).toEqual(fix.operations.slice(2))
})
