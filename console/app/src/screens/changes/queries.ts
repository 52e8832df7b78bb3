import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'
import { asQuery, type Filters } from './filters'

/** A page of the list has at most two rules of each change, enough to say in a line what it did. */
const rulesInLine = 2

export const useChanges = (filters: Filters) =>
  useInfiniteQuery({
    queryKey: policy('changes', filters),
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) =>
      data(await api.GET('/changes', { params: { query: { ...asQuery(filters), limit: 50, nested_limit: rulesInLine, cursor: pageParam || undefined } }, signal })),
    getNextPageParam: (page) => page.next_cursor,
  })

export const isRevision = (revision: number) => Number.isSafeInteger(revision) && revision > 0

export const useChange = (revision: number) =>
  useQuery({
    queryKey: policy('change', revision),
    enabled: isRevision(revision),
    queryFn: async ({ signal }) => data(await api.GET('/changes/{revision}', { params: { path: { revision } }, signal })),
  })
