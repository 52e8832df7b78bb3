import type { Schemas } from '../../api/problem'
import { Badge } from '../../ui/badge'
import { texts } from './text'
import style from './user.module.css'

type User = Schemas['User']

export function Heading({ user }: { user: User }) {
  return (
    <>
      {user.display_name ?? user.id} {user.display_name && <span className={style.id}>{user.id}</span>}{' '}
      {user.effective.length === 0 && <Badge tone="warn">{texts.nothing}</Badge>}
    </>
  )
}

export function Summary({ user }: { user: User }) {
  return (
    <>
      {texts.summary(user.group_count ?? user.groups.length, user.effective_count ?? user.effective.length)}
      {user.email && <> · {user.email}</>}
    </>
  )
}
