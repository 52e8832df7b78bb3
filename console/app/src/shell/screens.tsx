import { lazy, type ReactNode } from 'react'

/** Each screen is a file of its own, loaded when it is needed. */
const load = {
  groups: () => import('../screens/groups/groups'),
  newGroup: () => import('../screens/groups/new-group'),
  compareGroups: () => import('../screens/groups/compare-groups'),
  group: () => import('../screens/group/group'),
  users: () => import('../screens/users/users'),
  compareUsers: () => import('../screens/users/compare-users'),
  user: () => import('../screens/user/user'),
  why: () => import('../screens/why/why'),
  denial: () => import('../screens/why/denial'),
  matrix: () => import('../screens/matrix/matrix'),
  changes: () => import('../screens/changes/changes'),
  change: () => import('../screens/changes/change-page'),
  transfer: () => import('../screens/transfer/transfer'),
  status: () => import('../screens/status/status'),
}

const Groups = lazy(load.groups)
const NewGroup = lazy(load.newGroup)
const CompareGroups = lazy(load.compareGroups)
const Group = lazy(load.group)
const Users = lazy(load.users)
const CompareUsers = lazy(load.compareUsers)
const User = lazy(load.user)
const Why = lazy(load.why)
const Denial = lazy(load.denial)
const Matrix = lazy(load.matrix)
const Changes = lazy(load.changes)
const ChangePage = lazy(load.change)
const Transfer = lazy(load.transfer)
const Status = lazy(load.status)

/** Choose finds the screen of an address. */
function choose([place, name]: string[]): keyof typeof load {
  const one = name !== undefined
  switch (place) {
    case 'new-group':
      return 'newGroup'
    case 'compare-groups':
      return 'compareGroups'
    case 'compare-users':
      return 'compareUsers'
    case 'users':
      return one ? 'user' : 'users'
    case 'why':
      return one ? 'denial' : 'why'
    case 'changes':
      return one ? 'change' : 'changes'
    case 'matrix':
    case 'transfer':
    case 'status':
      return place
    case 'groups':
      return one ? 'group' : 'groups'
    default:
      return 'groups'
  }
}

/** Preload begins to load the screen of an address before anything else is known. Where that fails, showing it tries again. */
export function preload(parts: string[]) {
  load[choose(parts)]().catch(() => undefined)
}

/** Screen shows the screen of an address. The key makes another group or user another screen. */
export function screen(parts: string[]): ReactNode {
  const name = parts[1] ?? ''
  switch (choose(parts)) {
    case 'groups':
      return <Groups />
    case 'newGroup':
      return <NewGroup />
    case 'compareGroups':
      return <CompareGroups />
    case 'group':
      return <Group key={name} name={name} />
    case 'users':
      return <Users />
    case 'compareUsers':
      return <CompareUsers />
    case 'user':
      return <User key={name} id={name} />
    case 'why':
      return <Why />
    case 'denial':
      return <Denial key={name} id={name} />
    case 'matrix':
      return <Matrix />
    case 'changes':
      return <Changes />
    case 'change':
      return <ChangePage key={name} revision={Number(name)} />
    case 'transfer':
      return <Transfer />
    case 'status':
      return <Status />
  }
}
