import { memo } from 'react'
import type { Schemas } from '../../api/problem'
import { time } from '../../lib/format'
import { to } from '../../lib/route'
import { Badge } from '../../ui/badge'
import { Button, LinkButton } from '../../ui/button'
import { Empty } from '../../ui/page'
import { Table } from '../../ui/table'
import { texts as uiTexts } from '../../ui/text'
import { GroupName, UserName } from '../../ui/user-name'
import { texts } from './text'
import style from './users.module.css'

interface Props {
  users: Schemas['UserItem'][]
  q: string
  group: string
  more?: { load: () => void; busy: boolean }
}

export function UserTable({ users, q, group, more }: Props) {
  if (users.length === 0) return <Nobody q={q} group={group} />
  return (
    <>
      <Table
        label={texts.list}
        head={
          <>
            <th scope="col">{texts.name}</th>
            <th scope="col">{texts.groups}</th>
          </>
        }
      >
        {users.map((user) => (
          <Row key={user.id} user={user} />
        ))}
      </Table>
      <div className={style.below}>
        {more && (
          <Button onClick={more.load} busy={more.busy}>
            {uiTexts.showMore}
          </Button>
        )}
        {q && !users.some((user) => user.id === q) && (
          <p>
            {texts.notInList} <a href={to(['users', q])}>{texts.openId(q)}</a>
          </p>
        )}
      </div>
    </>
  )
}

const Row = memo(function Row({ user }: { user: Schemas['UserItem'] }) {
  const count = user.group_count ?? user.groups.length
  return (
    <tr>
      <th scope="row">
        <UserName id={user.id} name={user.display_name} />
      </th>
      <td data-label={texts.groups}>
        {!user.known && <Badge tone="warn">{texts.noAccess}</Badge>}
        {user.known && count === 0 && <span className={style.quiet}>{texts.noGroups}</span>}
        <span className={style.groups}>
          {user.groups.map((membership) => (
            <span key={membership.group}>
              <GroupName name={membership.group} />
              {membership.until && <span className={style.quiet}> {texts.until(time(membership.until))}</span>}
            </span>
          ))}
          {count > user.groups.length && <span className={style.quiet}>{texts.more(count - user.groups.length)}</span>}
        </span>
      </td>
    </tr>
  )
})

/** Nobody says why the list is empty. An id can be opened as it was typed. */
function Nobody({ q, group }: { q: string; group: string }) {
  if (!q) {
    return (
      <Empty>
        <p>{group ? texts.emptyGroup(group) : texts.empty}</p>
      </Empty>
    )
  }
  return (
    <Empty>
      <p>{texts.nobody(q)}</p>
      <p>{texts.nobodyHint}</p>
      <LinkButton className={style.anyway} href={to(['users', q])}>{texts.openId(q)}</LinkButton>
    </Empty>
  )
}
