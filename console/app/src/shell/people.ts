import { useQueries } from '@tanstack/react-query'
import { lookUp } from '../api/people'
import { seesUsers } from './places'
import { useMyRights } from './rights'

const most = 200 // users that are looked up for one list; the rest stay ids

/** UseNames looks up users in the host's directory. The function that it returns gives a name, "" where none is known, or not yet. */
export function useNames(users: string[]): (user: string) => string {
  const enabled = seesUsers(useMyRights())
  const different = [...new Set(users)].slice(0, most)
  const found = useQueries({
    queries: different.map((user) => ({ queryKey: ['person', user], queryFn: () => lookUp(user), staleTime: 5 * 60_000, retry: false, enabled })),
  })
  return (user) => found[different.indexOf(user)]?.data ?? ''
}
