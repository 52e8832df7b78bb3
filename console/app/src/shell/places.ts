import type { MyRights } from './rights'
import { texts } from './text'

interface Place {
  id: string
  text: string
  screens: string[] // the first parts of the addresses that belong to it
  shown: (rights: MyRights) => boolean
}

/** The places of the navigation. A place is left out for people who may see nothing there. */
export const places: Place[] = [
  { id: 'groups', text: texts.groups, screens: ['groups', 'new-group', 'compare-groups'], shown: (r) => r.may('groups:view') },
  { id: 'users', text: texts.users, screens: ['users', 'compare-users'], shown: seesUsers },
  { id: 'why', text: texts.why, screens: ['why'], shown: seesUsers },
  { id: 'requests', text: texts.requests, screens: ['requests', 'my-requests'], shown: seesUsers },
  { id: 'my-requests', text: texts.myRequests, screens: ['my-requests'], shown: (r) => !seesUsers(r) },
  { id: 'matrix', text: texts.matrix, screens: ['matrix'], shown: (r) => r.may('groups:view') },
  { id: 'changes', text: texts.changes, screens: ['changes'], shown: (r) => r.may('changes:view') },
  { id: 'transfer', text: texts.transfer, screens: ['transfer'], shown: (r) => r.may('policy:export') || r.may('policy:import') },
  { id: 'status', text: texts.status, screens: ['status'], shown: (r) => r.may('changes:view') },
]

/** PlaceOf is the place that a screen belongs to, by the first part of its address. */
export function placeOf(screen: string, rights: MyRights): string {
  return places.find((p) => p.screens.includes(screen) && p.shown(rights))?.id ?? 'groups'
}

/** SeesUsers says whether someone may look at users and what they are in. */
export function seesUsers(rights: MyRights): boolean {
  return rights.may('groups:view') && rights.may('users:view')
}
