import { expect, test } from 'vitest'
import type { Usage } from './queries'
import { whyUnknown } from './unknown'

const usage = (more: Partial<Usage>): Usage => ({ today: '2026-06-30', permissions: [], permission_count: 0, unknown_count: 3, recorded: { since: '2026-01-01', until: '2026-06-30' }, ...more })

test('why something is unknown', () => {
  expect(whyUnknown(usage({ recorded: undefined }), 'user', 90)).toEqual({ why: 'stopped' })
  expect(whyUnknown(usage({ recorded: { since: '2026-01-01', until: '2026-06-28' } }), 'user', 90)).toEqual({ why: 'stopped' })
  expect(whyUnknown(usage({ recorded: { since: '2026-01-01', until: '2026-06-29' } }), 'user', 90)).toEqual({ why: 'held' })
  expect(whyUnknown(usage({ recorded: { since: '2026-04-01', until: '2026-06-30' } }), 'user', 90)).toEqual({ why: 'held' })
  expect(whyUnknown(usage({ recorded: { since: '2026-04-02', until: '2026-06-30' } }), 'user', 90)).toEqual({ why: 'recorded', from: '2026-07-01' })
})

test('a group’s members can be the reason', () => {
  expect(whyUnknown(usage({}), 'group', 90)).toEqual({ why: 'empty' })
  expect(whyUnknown(usage({ member_count: 2, new_member_count: 2 }), 'group', 90)).toEqual({ why: 'new' })
  expect(whyUnknown(usage({ member_count: 2, new_member_count: 1 }), 'group', 90)).toEqual({ why: 'held' })
  expect(whyUnknown(usage({ member_count: 2 }), 'group', 90)).toEqual({ why: 'held' })
})
