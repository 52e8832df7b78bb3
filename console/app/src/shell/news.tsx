import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, data, type Change } from '../api/client'
import { Unreachable } from '../api/problem'
import { refreshPolicy, useStatus } from '../api/queries'
import { list } from '../lib/format'
import { to } from '../lib/route'
import { Button, LinkButton } from '../ui/button'
import style from './news.module.css'
import { mine } from './own-changes'
import { useMyRights } from './rights'
import { texts } from './text'

/** News notices that someone else has changed the policy: it reads the screen again, and says who it was. It also says when nothing answers. */
export function News() {
  const client = useQueryClient()
  const rights = useMyRights()
  const status = useStatus()
  const seen = useRef<number>(undefined)
  const [changes, setChanges] = useState<Change[] | 'unknown'>()
  const revision = status.data?.revision
  const seesChanges = rights.may('changes:view')

  useEffect(() => {
    if (revision === undefined) return
    const before = seen.current
    seen.current = revision
    if (before === undefined || before === revision) return
    void refreshPolicy(client)
    if (!seesChanges) {
      if (!mine.has(revision)) setChanges('unknown')
      return
    }
    api.GET('/changes', { params: { query: { after: before, nested_limit: 0 } } }).then(
      (answer) => {
        const others = data(answer).items.filter((c) => c.revision !== undefined && !mine.has(c.revision))
        if (others.length > 0) setChanges(others)
      },
      () => setChanges('unknown'),
    )
  }, [revision, seesChanges, client])

  const away = status.error instanceof Unreachable ? texts.serverAway : status.data?.store?.state === 'unavailable' ? texts.storeAway : ''
  return (
    <div className={style.news} role="status">
      {away && <p className={style.away}>{away}</p>}
      {changes && (
        <div className={style.notice}>
          <p>{changes === 'unknown' ? texts.changed : texts.someoneChanged(changes.length, list(names(changes)))}</p>
          {changes !== 'unknown' && (
            <LinkButton look="quiet" href={changes.length === 1 ? to(['changes', String(changes[0]?.revision)]) : to(['changes'])}>
              {texts.look}
            </LinkButton>
          )}
          <Button look="quiet" onClick={() => setChanges(undefined)}>
            {texts.dismiss}
          </Button>
        </div>
      )}
    </div>
  )
}

function names(changes: Change[]): string[] {
  return [...new Set(changes.map((c) => (c.actor.kind === 'user' && c.actor.id ? c.actor.id : (texts.actors[c.actor.kind] ?? c.actor.kind))))]
}
