import { useState } from 'react'
import { time } from '../../lib/format'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { EndField, type End } from '../../ui/ends'
import { UserName } from '../../ui/user-name'
import style from './group.module.css'
import { texts } from './text'
import type { Edit } from './use-group-draft'
import type { Member } from './use-members'

interface Props extends Member {
  may: boolean
  newEnd?: End
  removed: boolean
  change: Edit
}

/** MemberRow is one member, whose end can be changed, or who can be removed. */
export function MemberRow({ user, name, until, may, newEnd, removed, change }: Props) {
  const [open, setOpen] = useState(false)
  const end = newEnd ?? until ?? 'never'
  const setEnd = (next: End | undefined) =>
    change((d) => {
      const others = Object.entries(d.ends).filter(([other]) => other !== user)
      const isNew = next !== undefined && next !== (until ?? 'never')
      return { ...d, ends: Object.fromEntries(isNew ? [...others, [user, next]] : others) }
    })
  const setRemoved = (on: boolean) => change((d) => ({ ...d, remove: on ? [...d.remove, user] : d.remove.filter((other) => other !== user) }))
  function remove() {
    setOpen(false)
    setEnd(undefined)
    setRemoved(true)
  }
  return (
    <li>
      <span>
        <span className={removed ? style.gone : undefined}>
          <UserName id={user} name={name} />
        </span>{' '}
        {end !== 'never' && <span className={style.quiet}>{texts.endsAt(time(end))}</span>}{' '}
        {newEnd !== undefined && (
          <Badge tone="accent">{newEnd === 'never' ? texts.noEnd : texts.changedEnd}</Badge>
        )}{' '}
        {removed && <Badge tone="bad">{texts.removed}</Badge>}
      </span>
      {may && (
        <span className={style.buttons}>
          {removed || newEnd !== undefined ? (
            <Button look="quiet" aria-label={texts.undoOf(user)} onClick={() => (removed ? setRemoved(false) : (setEnd(undefined), setOpen(false)))}>
              {texts.undo}
            </Button>
          ) : (
            <Button look="quiet" aria-label={texts.changeEndOf(user)} aria-expanded={open} onClick={() => setOpen(!open)}>
              {texts.changeEnd}
            </Button>
          )}
          {!removed && (
            <Button look="quiet" aria-label={texts.removeOf(user)} onClick={remove}>
              {texts.remove}
            </Button>
          )}
        </span>
      )}
      {may && open && (
        <div className={style.ends}>
          <EndField label={texts.membershipEnds} value={end} onChange={setEnd} />
        </div>
      )}
    </li>
  )
}
