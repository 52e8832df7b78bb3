import type { Schemas } from '../../api/problem'
import { Needs } from '../../shell/needs'
import { texts } from './text'

/** MayNotChange says why something can't be edited here. People who may edit everything don't see it. */
export function MayNotChange({ allowed }: { allowed: Schemas['Allowed'] }) {
  if (allowed.includes('update')) return null
  return <Needs why={allowed.includes('assign') ? texts.assignOnly : texts.readOnly} permission="users:update" />
}
