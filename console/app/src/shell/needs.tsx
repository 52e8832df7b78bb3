import { to } from '../lib/route'
import { useEntries } from '../lib/labels'
import { Code } from '../ui/badge'
import style from './needs.module.css'
import { useMyRights } from './rights'
import { texts } from './text'

interface Props {
  why: string // what isn't offered here, ending before the permission that it needs
  permission: string // of Rightful, such as "groups:update"
}

/** Needs explains what the signed-in person may not do: by the permission that it needs, with the way to "Why 403?". */
export function Needs({ why, permission }: Props) {
  const rights = useMyRights()
  const code = `rightful.${permission}`
  const label = useEntries().get(code)?.label
  return (
    <p className={style.needs}>
      {why} {label} <Code>{code}</Code>.{' '}
      {rights.may('users:view') && rights.may('groups:view') && (
        <a href={to(['why'], { user: rights.user, permission: code })}>{texts.whyNot}</a>
      )}
    </p>
  )
}
