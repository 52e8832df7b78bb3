import { useDeferredValue } from 'react'
import { useGroups } from '../../api/queries'
import { replace, to, useRoute } from '../../lib/route'
import { LinkButton } from '../../ui/button'
import { Field, inputClass, Search } from '../../ui/field'
import { Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts } from './text'
import { useUsers } from './use-users'
import { UserTable } from './user-table'
import style from './users.module.css'

/** The list of users, with a search and a filter by group, which stand in the address. */
export default function Users() {
  const { query } = useRoute()
  const q = query.get('q') ?? ''
  const group = query.get('group') ?? ''
  const searched = useDeferredValue(q.trim())
  const users = useUsers(searched, group)
  const show = (change: { q?: string; group?: string }) => replace(to(['users'], { q, group, ...change }))
  return (
    <Page title={texts.title} lead={texts.lead} actions={<LinkButton href={to(['compare-users'])}>{texts.compare}</LinkButton>}>
      <div className={style.filters}>
        <Search label={texts.search} value={q} onChange={(q) => show({ q })} />
        <GroupFilter value={group} onChange={(group) => show({ group })} />
        <p role="status" className={style.total}>
          {users.data && texts.total(users.data.pages[0]?.total ?? 0)}
        </p>
      </div>
      {users.error ? (
        <ProblemBox error={users.error} onRetry={() => void users.refetch()} />
      ) : users.data ? (
        <UserTable
          users={users.data.pages.flatMap((page) => page.items)}
          q={searched}
          group={group}
          more={users.hasNextPage ? { load: () => void users.fetchNextPage(), busy: users.isFetchingNextPage } : undefined}
        />
      ) : (
        <Loading />
      )}
    </Page>
  )
}

function GroupFilter({ value, onChange }: { value: string; onChange: (group: string) => void }) {
  const groups = useGroups()
  const names = groups.data?.map((group) => group.name) ?? []
  if (value && !names.includes(value)) names.push(value) // as in the address
  return (
    <Field label={texts.group}>
      {(ids) => (
        <select {...ids} className={inputClass} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{texts.allGroups}</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </Field>
  )
}
