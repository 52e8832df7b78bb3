import { useMemo } from 'react'
import { useCatalog } from '../api/queries'
import type { Entry } from './catalog'

/** UseEntries finds what the catalog says of a permission. */
export function useEntries(): ReadonlyMap<string, Entry> {
  const catalog = useCatalog()
  return useMemo(() => new Map(catalog.data?.map((entry) => [entry.permission, entry])), [catalog.data])
}

/** SubjectName is a subject without the mark of groups, and whether it is one. */
export function subjectName(subject: string): { name: string; isGroup: boolean } {
  const isGroup = subject.startsWith('group:')
  return { name: isGroup ? subject.slice('group:'.length) : subject, isGroup }
}
