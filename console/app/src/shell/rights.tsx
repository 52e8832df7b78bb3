import { createContext, useContext } from 'react'
import type { Schemas } from '../api/problem'

const Context = createContext<Schemas['Rights'] | undefined>(undefined)

export const RightsProvider = Context.Provider

export interface MyRights {
  user: string
  administrator: boolean
  /** May reports whether the caller holds a permission of Rightful, such as "groups:update". */
  may: (permission: string) => boolean
  /** Assigns reports whether the caller may change who is in a group. */
  assigns: (group: string) => boolean
}

/** UseMyRights tells what the signed-in person may do here. The server checks it again at each request. */
export function useMyRights(): MyRights {
  const rights = useContext(Context)
  return {
    user: rights?.user ?? '',
    administrator: rights?.administrator ?? false,
    may: (permission) => rights?.permissions.includes(`rightful.${permission}`) ?? false,
    assigns: (group) => rights?.assigns.includes(group) ?? false,
  }
}
