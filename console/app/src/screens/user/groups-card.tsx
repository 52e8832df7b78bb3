import { useCallback, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../api/problem'
import { useGroups } from '../../api/queries'
import { matching } from '../../lib/catalog'
import { to } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { Search } from '../../ui/field'
import { Card } from '../../ui/page'
import { endIn, setEnd, type UserDraft } from './draft'
import { GroupRow } from './group-row'
import { texts } from './text'
import style from './user.module.css'

interface Props {
  user: Schemas['User']
  draft: UserDraft
  allowed: Schemas['Allowed']
  onChange: (draft: UserDraft) => void
}

const fewGroups = 12

/** GroupsCard lists the user's groups, then the others: a tick puts the user into one. */
export function GroupsCard({ user, draft, allowed, onChange }: Props) {
  const groups = useGroups()
  const rights = useMyRights()
  const [search, setSearch] = useState('')
  const [all, setAll] = useState(false)
  const latest = useRef(draft)
  latest.current = draft
  const change = useCallback((group: string, end: string | null) => onChange(setEnd(latest.current, group, end)), [onChange])

  const editable = allowed.includes('update') || allowed.includes('assign')
  const rows = useMemo(() => {
    const descriptions = new Map(groups.data?.map((group) => [group.name, group.description]))
    const mine = user.groups.map((membership) => membership.group)
    const others = editable ? [...descriptions.keys()].filter((name) => !mine.includes(name)) : []
    return [...mine, ...others].map((name) => ({ name, description: descriptions.get(name) ?? '' }))
  }, [groups.data, user.groups, editable])

  const matches = matching(search)
  const found = rows.filter((row) => matches(row.name + ' ' + row.description))
  const kept = (name: string) => draft.base.ends[name] !== undefined || draft.ends[name] !== undefined
  const shown = all ? found : found.filter((row, i) => i < fewGroups || kept(row.name))
  return (
    <Card title={texts.groups}>
      {editable && <p className={style.quiet}>{texts.groupsHint}</p>}
      {rows.length > fewGroups && <Search label={texts.findGroup} value={search} onChange={setSearch} />}
      {!editable && user.groups.length === 0 && <p>{texts.inNoGroup}</p>}
      {editable && groups.data?.length === 0 && (
        <p>
          {texts.noGroups} <a href={to(['new-group'])}>{texts.createGroup}</a>
        </p>
      )}
      {rows.length > 0 && found.length === 0 && <p role="status">{texts.noGroupFound}</p>}
      <ul className={style.rows}>
        {shown.map(({ name, description }) => (
          <GroupRow
            key={name}
            group={name}
            description={description}
            before={draft.base.ends[name] ?? null}
            end={endIn(draft, name)}
            editable={allowed.includes('update') || rights.assigns(name)}
            explain={editable}
            onChange={change}
          />
        ))}
      </ul>
      {user.group_count !== undefined && <p>{texts.groupsCut(user.group_count - user.groups.length)}</p>}
      {shown.length < found.length && (
        <p>
          <Button onClick={() => setAll(true)}>{texts.moreGroups(found.length - shown.length)}</Button>
        </p>
      )}
    </Card>
  )
}
