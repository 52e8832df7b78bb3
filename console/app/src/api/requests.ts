import { useInfiniteQuery, useQuery, type QueryClient } from '@tanstack/react-query'
import { api, data, type Change, type Operation } from './client'
import { isRefused, type Schemas } from './problem'
import { policy } from './queries'

export type AccessRequest = Schemas['AccessRequest']
export type RequestState = Schemas['AccessRequestState']

/** Others ask at any time, so the number of open requests is read again at this interval, in milliseconds. */
const interval = 15_000

/** AreOff reports whether an error says that the host takes no requests. */
export const areOff = (error: unknown) => isRefused(error, 'not-found')

/** How many requests are open. */
export const useOpenCount = (enabled: boolean) =>
  useQuery({
    queryKey: policy('requests', 'count'),
    enabled,
    refetchInterval: (query) => (areOff(query.state.error) ? false : interval),
    refetchIntervalInBackground: false,
    queryFn: async () => data(await api.GET('/access-requests', { params: { query: { state: 'open', limit: 1 } } })).open_count,
  })

/** The requests of everybody, newest first, a page at a time. */
export const useRequests = (state: RequestState | undefined) =>
  useInfiniteQuery({
    queryKey: policy('requests', 'list', state),
    staleTime: 0, // others ask at any time
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor }) => data(await api.GET('/access-requests', { params: { query: { state, cursor, limit: 50 } } })),
    getNextPageParam: (page) => page.next_cursor,
  })

/** One's own requests, newest first, a page at a time. */
export const useMyRequests = (enabled = true) =>
  useInfiniteQuery({
    queryKey: policy('requests', 'mine'),
    staleTime: 0,
    enabled,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor }) => data(await api.GET('/me/access-requests', { params: { query: { cursor, limit: 50 } } })),
    getNextPageParam: (page) => page.next_cursor,
  })

/** A request with its fixes, which are for as long as the user asks for, or until an end. */
export const useRequest = (id: string, until: string | undefined) =>
  useQuery({
    queryKey: policy('requests', 'one', id, until),
    placeholderData: (previous: AccessRequest | undefined) => previous,
    queryFn: async () => data(await api.GET('/access-requests/{id}', { params: { path: { id }, query: { until } } })),
  })

/** RefreshRequests reads the requests again. */
export const refreshRequests = (client: QueryClient) => client.invalidateQueries({ queryKey: policy('requests') })

interface Approve {
  operations: Operation[]
  revision: number
}

const params = (id: string) => ({ path: { id } })

/** PreviewApproval shows what operations would change, as far as they approve a request. */
export async function previewApproval(id: string, body: Approve, signal?: AbortSignal): Promise<Change> {
  const answer = await api.POST('/access-requests/{id}/approve', { params: { ...params(id), query: { dry_run: true } }, body, signal })
  return data(answer) as Change
}

/** Approve approves a request by operations that give what it asks for. */
export async function approve(id: string, body: Approve, header: Record<string, string>): Promise<AccessRequest> {
  return data(await api.POST('/access-requests/{id}/approve', { params: params(id), headers: header, body })) as AccessRequest
}

export const decline = async (id: string, reason: string) =>
  data(await api.POST('/access-requests/{id}/decline', { params: params(id), body: { reason } }))

export const withdraw = (id: string) => api.DELETE('/me/access-requests/{id}', { params: params(id) })
