import { to } from '../lib/route'
import style from './user-name.module.css'

/** UserName links a person: the name of the host's directory, where it has one, and the id. */
export function UserName({ id, name }: { id: string; name?: string }) {
  return (
    <a href={to(['users', id])} className={style.user}>
      {name ? (
        <>
          {name} <span className={style.id}>{id}</span>
        </>
      ) : (
        id
      )}
    </a>
  )
}

export function GroupName({ name }: { name: string }) {
  return <a href={to(['groups', name])}>{name}</a>
}
