import { keepPreviousData, useQuery, type QueryClient } from '@tanstack/react-query'
import { api, data, etag, everyPage } from './client'
import { isRefused } from './problem'

/** The keys of what the policy decides begin with "policy"; those of what doesn't change with it, with another word. */
export const policy = (...key: unknown[]) => ['policy', ...key]

/** RefreshPolicy reads what the policy decides again. */
export const refreshPolicy = (client: QueryClient) => client.invalidateQueries({ queryKey: ['policy'] })

export const useRights = () =>
  useQuery({ queryKey: policy('rights'), queryFn: async () => data(await api.GET('/me/rights')) })

/** The permissions. They change with the policy: each group has one to assign its members. */
export const useCatalog = () =>
  useQuery({
    queryKey: policy('catalog'),
    staleTime: 5 * 60_000,
    queryFn: async () => {
      const pages = await everyPage(async (cursor) => data(await api.GET('/catalog', { params: { query: { cursor, limit: 5000 } } })))
      return pages.flatMap((page) =>
        page.items.map((item) => ({ permission: item.permission, label: item.label, category: page.categories[item.category] ?? [] })),
      )
    },
  })

/** The groups without their rules: names, counts, versions. */
export const useGroups = (q = '') =>
  useQuery({
    queryKey: policy('groups', q),
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const pages = await everyPage(async (cursor) =>
        data(await api.GET('/groups', { params: { query: { q: q || undefined, cursor, limit: 500, nested_limit: 0 } } })),
      )
      return pages.flatMap((page) => page.items.map((item) => ({ ...item, permission_total: page.permission_total })))
    },
  })

export const useGroup = (group: string, enabled = true) =>
  useQuery({
    queryKey: policy('group', group),
    enabled,
    queryFn: async () => {
      const answer = await api.GET('/groups/{group}', { params: { path: { group } } })
      return { ...data(answer), etag: etag(answer) }
    },
  })

/** The rules that members of a group are under: its own first, then those of what it inherits. */
export const useGroupRules = (group: string, enabled = true) =>
  useQuery({
    queryKey: policy('group-rules', group),
    enabled,
    queryFn: async () => {
      const pages = await everyPage(async (cursor) =>
        data(await api.GET('/groups/{group}/effective-rules', { params: { path: { group }, query: { cursor } } })),
      )
      return pages.flatMap((page) => page.items.map((item) => readRules(page.patterns, item)))
    },
  })

/** The rules of all groups. */
export const useAllRules = (enabled = true) =>
  useQuery({
    queryKey: policy('all-rules'),
    enabled,
    queryFn: async () => {
      const pages = await everyPage(async (cursor) => data(await api.GET('/group-rules', { params: { query: { cursor } } })))
      return pages.flatMap((page) => page.items.map((item) => readRules(page.patterns, item)))
    },
  })

interface TableItem {
  group: string
  path?: string[]
  inherits: string[]
  grants: number[]
  restrictions: number[]
  grant_count?: number
  restriction_count?: number
  bad_row?: boolean
}

export interface RulesOfGroup {
  group: string
  path: string[] // from the group that was asked for to this one
  inherits: string[]
  grants: string[]
  restrictions: string[]
  complete: boolean // false where there are more rules than an answer has
  badRow: boolean
}

function readRules(patterns: string[], item: TableItem): RulesOfGroup {
  const read = (list: number[]) => list.map((i) => patterns[i] ?? '')
  return {
    group: item.group,
    path: item.path ?? [item.group],
    inherits: item.inherits,
    grants: read(item.grants),
    restrictions: read(item.restrictions),
    complete: item.grant_count === undefined && item.restriction_count === undefined,
    badRow: item.bad_row ?? false,
  }
}

export const useUser = (user: string) =>
  useQuery({
    queryKey: policy('user', user),
    queryFn: async () => {
      const answer = await api.GET('/users/{user}', { params: { path: { user } } })
      return { ...data(answer), etag: etag(answer) }
    },
  })

/** Polls the revision, so that another person's change shows. */
export const useStatus = (interval: number | false = 5_000) =>
  useQuery({
    queryKey: ['status'],
    queryFn: async () => data(await api.GET('/status')),
    refetchInterval: interval,
    refetchIntervalInBackground: false,
  })

/** Retry asks again once when no answer came or the store is away, never when the server has refused. */
export const retry = (failures: number, error: Error) => failures < 1 && !isRefused(error)
