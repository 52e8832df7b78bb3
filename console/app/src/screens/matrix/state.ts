import type { Holding } from '../../lib/holdings'
import { isHeld } from '../../lib/holdings'
import { texts } from './text'

/** State is how a cell looks: each has a shape of its own. */
export type State = 'none' | 'direct' | 'wildcard' | 'inherited' | 'restricted'

export function stateOf(holding: Holding): State {
  if (holding.badRow || holding.restricted) return 'restricted'
  if (holding.direct) return 'direct'
  if (holding.wildcard !== undefined) return 'wildcard'
  return holding.inherited ? 'inherited' : 'none'
}

/** Flips reports whether a click changes something: what a group holds by another rule can't be taken from it here. */
export const flips = (holding: Holding) => holding.direct || !isHeld(holding)

/** How says in words how a group holds a permission. */
export function how(holding: Holding): string {
  const parts: string[] = []
  if (holding.direct) parts.push(texts.how.direct)
  if (holding.wildcard !== undefined) parts.push(texts.how.wildcard(holding.wildcard))
  if (holding.inherited) parts.push(texts.how.inherited(holding.inherited.group, holding.inherited.pattern))
  if (holding.restricted) parts.push(texts.how.restricted(holding.restricted.group, holding.restricted.pattern))
  if (holding.badRow) parts.push(texts.how.badRow)
  return parts.join(', ') || texts.how.none
}
