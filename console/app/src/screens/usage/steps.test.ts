import { expect, test } from 'vitest'
import { steps } from './steps'

test('operations are said as what they take away', () => {
  expect(
    steps([
      { method: 'DELETE', path: '/groups/Deposit%20viewers/members/hugo', body: null },
      { method: 'PATCH', path: '/users/members/permissions', body: { revoke: ['a.*:view', 'b:x'] } },
      { method: 'PATCH', path: '/groups/Finance/permissions', body: { revoke: ['c:x'] } },
    ]),
  ).toEqual([{ leaves: 'Deposit viewers' }, { revokes: ['a.*:view', 'b:x'] }, { revokes: ['c:x'] }])
})
