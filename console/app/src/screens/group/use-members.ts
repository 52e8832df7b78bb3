import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'

export interface Member {
  user: string
  name?: string
  until?: string
}

export interface MembersPage {
  items: Member[]
  total: number
  next?: string
}

export const pageSize = 100

/** UseMembers reads a page of the members, or of those that a search finds by name or id. */
export const useMembers = (group: string, q: string, cursor?: string, enabled = true) =>
  useQuery({
    queryKey: policy('members', group, q, cursor),
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => (q ? findMembers(group, q, cursor, signal) : listMembers(group, cursor, signal)),
  })

export async function listMembers(group: string, cursor?: string, signal?: AbortSignal, limit = pageSize): Promise<MembersPage> {
  const page = data(await api.GET('/groups/{group}/members', { params: { path: { group }, query: { cursor, limit } }, signal }))
  return { items: page.items.map(({ user, display_name, until }) => ({ user, name: display_name, until })), total: page.member_count, next: page.next_cursor }
}

async function findMembers(group: string, q: string, cursor?: string, signal?: AbortSignal): Promise<MembersPage> {
  const page = data(await api.GET('/users', { params: { query: { group, q, cursor, limit: pageSize } }, signal }))
  return {
    items: page.items.map(({ id, display_name, groups }) => ({ user: id, name: display_name, until: groups.find((g) => g.group === group)?.until })),
    total: page.total,
    next: page.next_cursor,
  }
}
