import { useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import type { Schemas } from '../../api/problem'
import { policy } from '../../api/queries'

export type Usage = Schemas['Usage']

/** Subject holds or gives permissions: a user, or a group. */
export interface Subject {
  kind: 'user' | 'group'
  name: string // the id, or the group's name
}

/** ReadUsage reads when permissions were last used; with days, only what is known to be unused for so many days. */
export async function readUsage({ kind, name }: Subject, days?: number, signal?: AbortSignal): Promise<Usage> {
  const query = days === undefined ? {} : { unused_for: days }
  return kind === 'user'
    ? data(await api.GET('/users/{user}/usage', { params: { path: { user: name }, query }, signal }))
    : data(await api.GET('/groups/{group}/usage', { params: { path: { group: name }, query }, signal }))
}

export const useUsage = (subject: Subject, days?: number) =>
  useQuery({ queryKey: policy('usage', subject, days), queryFn: ({ signal }) => readUsage(subject, days, signal) })
