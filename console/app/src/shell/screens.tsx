import type { ComponentType, ReactNode } from 'react'
import { lazy, type Lazy } from '../ui/lazy'

interface Screen {
  load: () => Promise<void>
  show: (name: string) => ReactNode
}

/** Each screen is a file of its own. */
function screen<P extends object>(read: () => Promise<{ default: ComponentType<P> }>, show: (component: Lazy<P>, name: string) => ReactNode): Screen {
  const Component = lazy(read)
  return { load: Component.load, show: (name) => show(Component, name) }
}

// The key makes another group or user another screen.
const groups = screen(() => import('../screens/groups/groups'), (Groups) => <Groups />)
const newGroup = screen(() => import('../screens/groups/new-group'), (NewGroup) => <NewGroup />)
const compareGroups = screen(() => import('../screens/groups/compare-groups'), (CompareGroups) => <CompareGroups />)
const group = screen(() => import('../screens/group/group'), (Group, name) => <Group key={name} name={name} />)
const users = screen(() => import('../screens/users/users'), (Users) => <Users />)
const compareUsers = screen(() => import('../screens/users/compare-users'), (CompareUsers) => <CompareUsers />)
const user = screen(() => import('../screens/user/user'), (User, name) => <User key={name} id={name} />)
const why = screen(() => import('../screens/why/why'), (Why) => <Why />)
const denial = screen(() => import('../screens/why/denial'), (Denial, name) => <Denial key={name} id={name} />)
const matrix = screen(() => import('../screens/matrix/matrix'), (Matrix) => <Matrix />)
const changes = screen(() => import('../screens/changes/changes'), (Changes) => <Changes />)
const change = screen(() => import('../screens/changes/change-page'), (ChangePage, name) => <ChangePage key={name} revision={Number(name)} />)
const transfer = screen(() => import('../screens/transfer/transfer'), (Transfer) => <Transfer />)
const requests = screen(() => import('../screens/requests/requests'), (Requests) => <Requests />)
const request = screen(() => import('../screens/requests/request'), (RequestPage, name) => <RequestPage key={name} id={name} />)
const myRequests = screen(() => import('../screens/requests/my-requests'), (MyRequests) => <MyRequests />)
const status = screen(() => import('../screens/status/status'), (Status) => <Status />)

/** Choose finds the screen of an address. */
function choose([place, name]: string[]): Screen {
  switch (place) {
    case 'new-group':
      return newGroup
    case 'compare-groups':
      return compareGroups
    case 'compare-users':
      return compareUsers
    case 'users':
      return name === undefined ? users : user
    case 'why':
      return name === undefined ? why : denial
    case 'matrix':
      return matrix
    case 'changes':
      return name === undefined ? changes : change
    case 'requests':
      return name === undefined ? requests : request
    case 'my-requests':
      return myRequests
    case 'transfer':
      return transfer
    case 'status':
      return status
    default:
      return place !== 'groups' || name === undefined ? groups : group
  }
}

/** Preload begins to load the screen of an address before anything else is known. Where that fails, showing it tries again. */
export function preload(parts: string[]) {
  choose(parts).load().catch(() => undefined)
}

/** ScreenOf shows the screen of an address once it is loaded. */
export const ScreenOf = ({ parts }: { parts: string[] }) => choose(parts).show(parts[1] ?? '')
