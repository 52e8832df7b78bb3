import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'

/** The most permissions that are explained at once. */
export const mostPermissions = 64

export const useDenial = (id: string) =>
  useQuery({
    queryKey: policy('denial', id),
    queryFn: async () => data(await api.GET('/denials/{id}', { params: { path: { id } } })),
  })

export const useExplanation = (user: string, permissions: string[]) =>
  useQuery({
    queryKey: policy('explanation', user, permissions),
    enabled: user !== '' && permissions.length > 0,
    queryFn: async () =>
      data(await api.GET('/users/{user}/explanation', { params: { path: { user }, query: { permission: permissions.slice(0, mostPermissions) } } })),
  })

/** Who holds a permission, a page at a time. */
export const useHolders = (permission: string) =>
  useInfiniteQuery({
    queryKey: policy('holders', permission),
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor }) => data(await api.GET('/permission-holders', { params: { query: { permission, cursor } } })),
    getNextPageParam: (page) => page.next_cursor,
  })

/** Recent denials, newest first, a page at a time. */
export const useDenials = (user: string) =>
  useInfiniteQuery({
    queryKey: policy('denials', user),
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor }) => data(await api.GET('/denials', { params: { query: { user: user || undefined, limit: 200, cursor } } })),
    getNextPageParam: (page) => page.next_cursor,
  })
