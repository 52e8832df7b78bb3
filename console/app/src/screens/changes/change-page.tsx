import { useState } from 'react'
import { isRefused } from '../../api/problem'
import { useStatus } from '../../api/queries'
import { to } from '../../lib/route'
import { act } from '../../review/acts'
import { RevertReview } from '../../review/revert'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Details } from './details'
import style from './changes.module.css'
import { isRevision, useChange } from './queries'
import { texts } from './text'

/** One change, with a permanent address. */
export default function ChangePage({ revision }: { revision: number }) {
  const rights = useMyRights()
  const change = useChange(revision)
  const status = useStatus()
  const [reverting, setReverting] = useState(false)
  const [reverted, setReverted] = useState<number>()
  const back = <a href={to(['changes'])}>{texts.title}</a>
  if (!isRevision(revision)) return <Page title={texts.title} back={back} children={<Missing />} />
  const title = texts.change(revision)
  if (change.isPending) return <Page title={title} back={back} children={<Loading />} />
  if (isRefused(change.error, 'not-found')) return <Page title={title} back={back} children={<Missing detail={change.error.message} />} />
  if (change.error) return <Page title={title} back={back} children={<ProblemBox error={change.error} onRetry={() => void change.refetch()} />} />
  // What is in a file stays there, and nobody knows what to undo of a damaged record.
  const by = change.data.archived || change.data.fault ? 'nobody' : change.data.reversible_by
  const offered = by === 'self' || (by === 'administrators' && rights.administrator) || (by === undefined && rights.may('groups:update'))
  const last = status.data?.revision ?? revision
  return (
    <Page
      title={title}
      lead={act(change.data)}
      back={back}
      actions={offered ? <Button onClick={() => setReverting(true)}>{texts.revert}</Button> : <p className={style.quiet}>{unoffered[by ?? 'unknown']}</p>}
    >
      <p role="status" className={style.done} hidden={reverted === undefined}>
        {reverted !== undefined && (
          <>
            {texts.reverted} <a href={to(['changes', String(reverted)])}>{texts.change(reverted)}</a>
          </>
        )}
      </p>
      <Details change={change.data} />
      <nav aria-label={texts.neighbors} className={style.neighbors}>
        {revision > 1 && <a href={to(['changes', String(revision - 1)])}>{texts.earlier(revision - 1)}</a>}
        {revision < last && <a href={to(['changes', String(revision + 1)])}>{texts.later(revision + 1)}</a>}
      </nav>
      {reverting && (
        <RevertReview
          change={change.data}
          onClose={() => setReverting(false)}
          onReverted={(made) => {
            setReverting(false)
            setReverted(made.revision)
          }}
        />
      )}
    </Page>
  )
}

/** Why reverting isn't offered. */
const unoffered = { self: '', administrators: texts.notYours, unknown: texts.noRights, nobody: texts.notReversible }

/** Changes that aren't there have never been made, or were moved to a file. The server says which file. */
function Missing({ detail = '' }: { detail?: string }) {
  const archived = detail.startsWith('Archived')
  return (
    <Empty>
      <p>{archived ? texts.archivedAway : texts.missing}</p>
      {archived && <p>{detail}</p>}
      <a href={to(['changes'])}>{texts.showAll}</a>
    </Empty>
  )
}
