import { useCallback, useMemo, useState } from 'react'
import { api, etag, type Operation } from '../../api/client'
import { useAllRules, useCatalog } from '../../api/queries'
import { useDraft } from '../../lib/draft'
import { Holdings } from '../../lib/holdings'
import { useMyRights } from '../../shell/rights'
import { conflict, onNew, operations, toggle, withDraft, type Draft } from './draft'
import { texts } from './text'

export type Matrix = ReturnType<typeof useMatrix>

const none: Draft = {}

/** UseMatrix is the catalog, the rules of all groups, and the draft on them. */
export function useMatrix() {
  const rights = useMyRights()
  const catalog = useCatalog()
  const rules = useAllRules()
  const [kept, setDraft] = useDraft<Draft>('matrix')
  const [note, setNote] = useState('') // why something wasn't done
  const draft = kept ?? none
  const saved = useMemo(() => rules.data ?? [], [rules.data])
  const groups = useMemo(() => withDraft(saved, draft), [saved, draft])
  const holdings = useMemo(() => new Holdings(groups), [groups])
  const savedHoldings = useMemo(() => new Holdings(saved), [saved])
  const inTheWay = useMemo(() => (rules.data ? conflict(draft, rules.data, texts.gone) : undefined), [draft, rules.data])
  const discard = useCallback(() => setDraft(undefined), [setDraft])
  const set = (next: Draft) => setDraft(Object.keys(next).length > 0 ? next : undefined)

  /** Fixed says why the rules of a group can't be changed here. */
  function fixed(group: string): string | undefined {
    if (group === 'Administrators') return texts.administrators
    if (!rights.may('groups:update')) return texts.noRight
    if (!saved.find((g) => g.group === group)?.complete) return texts.incomplete
    return undefined
  }

  function flip(group: string, permission: string) {
    const rules = saved.find((g) => g.group === group)
    if (!rules) return
    const next = toggle(draft, rules, permission)
    setNote(next ? '' : texts.tooMany)
    if (next) set(next)
  }

  /** Prepare names the versions that the person has seen, or undefined where someone has changed a group of the draft. */
  async function prepare(): Promise<Operation[] | undefined> {
    setNote('')
    const etags = await Promise.all(
      Object.keys(draft).map(async (group) => [group, etag(await api.GET('/groups/{group}', { params: { path: { group }, query: { nested_limit: 0 } } }))] as const),
    )
    // The rules are read after the versions, so that what the person sees is at least as new.
    const { data } = await rules.refetch()
    if (!data || conflict(draft, data, texts.gone)) return undefined
    return operations(draft, Object.fromEntries(etags))
  }

  return {
    error: catalog.error ?? rules.error,
    loading: catalog.isPending || rules.isPending,
    retry: () => void Promise.all([catalog.refetch(), rules.refetch()]),
    refresh: () => void rules.refetch(),
    catalog: catalog.data ?? [],
    saved,
    holdings,
    savedHoldings,
    draft,
    conflict: inTheWay,
    note,
    setNote,
    fixed,
    flip,
    prepare,
    discard,
    continueOnNew: () => set(onNew(draft, saved)),
  }
}
