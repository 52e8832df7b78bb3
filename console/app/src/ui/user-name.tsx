import { to } from '../lib/route'
import { useNames } from '../shell/people'
import style from './user-name.module.css'

interface Props {
  id: string
  name?: string // in the host's directory, where it has one
}

/** UserName links a person. */
export function UserName({ id, name }: Props) {
  return (
    <a href={to(['users', id])} className={style.user}>
      <PersonName id={id} name={name} />
    </a>
  )
}

/** LookedUpUser is a UserName for lists of the interface that have no names: it looks the name up. */
export function LookedUpUser({ id }: { id: string }) {
  return <UserName id={id} name={useNames([id])(id)} />
}

/** PersonName is the name and the id, or the id alone. */
export function PersonName({ id, name }: Props) {
  if (!name) return id
  return (
    <>
      {name} <span className={style.id}>{id}</span>
    </>
  )
}

export function GroupName({ name }: { name: string }) {
  return <a href={to(['groups', name])}>{name}</a>
}
