import { useEffect, useRef, useState } from 'react'
import type { Change } from '../../api/client'
import type { Schemas } from '../../api/problem'
import { to } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { BadRows } from './bad-rows'
import { Fixes } from './fixes'
import { mostPermissions, useExplanation } from './queries'
import { texts } from './text'
import { Verdict } from './verdict'
import style from './why.module.css'

interface Props {
  user: string
  permissions: string[]
  denial?: Schemas['Denial']
}

/** Explained is the verdict on a user and permissions, and the ways to mend it. After one was applied it says what came of it. */
export function Explained({ user, permissions, denial }: Props) {
  const oneIsEnough = denial?.one_is_enough === true && permissions.length > 1
  const [wanted, setWanted] = useState(permissions[0] ?? '')
  const [applied, setApplied] = useState<Change>()
  const all = useExplanation(user, permissions)
  // Where one is enough, what mends all of them at once would be too much.
  const mended = useExplanation(user, oneIsEnough ? [wanted] : permissions)
  if (all.error) return <ProblemBox error={all.error} onRetry={() => void all.refetch()} />
  if (!all.data) return <Loading />
  const who = all.data.display_name ?? user
  const allowed = oneIsEnough ? all.data.permissions.some((permission) => permission.allowed) : all.data.allowed
  return (
    <div className={style.explained}>
      <Applied change={applied} who={who} allowed={allowed} />
      {permissions.length > mostPermissions && <p>{texts.tooMany(mostPermissions)}</p>}
      <Verdict explanation={all.data} who={who} allowed={allowed} oneIsEnough={oneIsEnough} denial={denial} />
      {!allowed && all.data.bad_rows && <BadRows rows={all.data.bad_rows} count={all.data.bad_row_count ?? all.data.bad_rows.length} />}
      {!allowed && (
        <Fixes
          explanation={mended}
          who={who}
          choices={oneIsEnough ? { permissions: all.data.permissions, wanted, onChoose: setWanted } : undefined}
          onApplied={setApplied}
        />
      )}
    </div>
  )
}

function Applied({ change, who, allowed }: { change?: Change; who: string; allowed: boolean }) {
  const rights = useMyRights()
  const element = useRef<HTMLParagraphElement>(null)
  // The button that was pressed is gone with the fixes.
  useEffect(() => {
    if (change) element.current?.focus()
  }, [change])
  return (
    <p ref={element} role="status" tabIndex={-1} className={style.applied}>
      {change && (
        <>
          {allowed ? texts.applied(who) : texts.appliedNot(who)}{' '}
          {change.revision !== undefined && rights.may('changes:view') && <a href={to(['changes', String(change.revision)])}>{texts.change(change.revision)}</a>}
        </>
      )}
    </p>
  )
}
