import { useEntries } from '../../lib/labels'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { PermissionField } from '../../ui/permission-field'
import { UserField } from '../../ui/user-field'
import { LookedUpUser } from '../../ui/user-name'
import { texts } from './text'
import style from './why.module.css'

interface Props {
  user: string
  permissions: string[]
  onChange: (user: string, permissions: string[]) => void
}

/** AskByUser chooses someone and what to explain. The explanation follows each choice. */
export function AskByUser({ user, permissions, onChange }: Props) {
  const entries = useEntries()
  return (
    <div className={style.form}>
      {user ? (
        <div className={style.chosen}>
          <LookedUpUser id={user} />
          <Button look="quiet" aria-label={texts.otherUser(user)} onClick={() => onChange('', permissions)}>
            <span aria-hidden="true">✕</span>
          </Button>
        </div>
      ) : (
        <UserField label={texts.user} hint={texts.userHint} onChoose={(id) => onChange(id, permissions)} />
      )}
      {permissions.length > 0 && (
        <ul aria-label={texts.chosen} className={style.permissions}>
          {permissions.map((permission) => (
            <li key={permission} className={style.chosen}>
              <span>
                {entries.get(permission)?.label} <Code>{permission}</Code>
              </span>
              <Button
                look="quiet"
                aria-label={texts.remove(permission)}
                onClick={() => onChange(user, permissions.filter((other) => other !== permission))}
              >
                <span aria-hidden="true">✕</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      <PermissionField label={texts.permission} hint={texts.permissionHint} taken={permissions} onChoose={(permission) => onChange(user, [...permissions, permission])} />
    </div>
  )
}
