import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'

export const groupsShown = 4

/** UseUsers lists people, a page at a time. The search also finds people that only the directory knows. */
export const useUsers = (q: string, group: string) =>
  useInfiniteQuery({
    queryKey: policy('users', q, group),
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) =>
      data(
        await api.GET('/users', {
          params: { query: { q: q || undefined, group: group || undefined, limit: 100, nested_limit: groupsShown, cursor } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
  })
