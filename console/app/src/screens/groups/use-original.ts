import { useQuery } from '@tanstack/react-query'
import { policy, useGroup } from '../../api/queries'
import { listMembers, type Member } from '../group/use-members'
import type { New } from './copy'

interface Original {
  data?: Omit<New, 'name' | 'description'>
  memberCount: number
  isPending: boolean
  error: Error | null
}

/** UseOriginal reads what a new group copies of another: its rules, what it inherits and, if wanted, its members. */
export function useOriginal(name: string, withMembers: boolean): Original {
  const group = useGroup(name, name !== '')
  const members = useQuery({ queryKey: policy('every-member', name), enabled: name !== '' && withMembers, queryFn: ({ signal }) => everyMember(name, signal) })
  if (name === '') return { data: { inherits: [], rules: { grants: [], restrictions: [] }, members: [] }, memberCount: 0, isPending: false, error: null }
  const isPending = group.isPending || (withMembers && members.isPending)
  const { data } = group
  return {
    data: data && !isPending ? { inherits: data.inherits, rules: data.permissions, members: withMembers ? (members.data ?? []) : [] } : undefined,
    memberCount: data?.member_count ?? 0,
    isPending,
    error: group.error ?? members.error,
  }
}

async function everyMember(group: string, signal: AbortSignal): Promise<Member[]> {
  const found: Member[] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await listMembers(group, cursor, signal, 500)
    found.push(...page.items)
    cursor = page.next
  }
  return found
}
