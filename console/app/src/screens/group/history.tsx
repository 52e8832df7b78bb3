import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Change } from '../../api/client'
import { policy } from '../../api/queries'
import { ago, time } from '../../lib/format'
import { to } from '../../lib/route'
import { act } from '../../review/acts'
import { Actor } from '../../review/actor'
import { Difference } from '../../review/difference'
import { RevertReview } from '../../review/revert'
import { useMyRights } from '../../shell/rights'
import { Needs } from '../../shell/needs'
import { Button } from '../../ui/button'
import { Card, Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import style from './group.module.css'
import { texts } from './text'

/** History lists the changes of the group, newest first. Each can be reverted. */
export function History({ group }: { group: string }) {
  const sees = useMyRights().may('changes:view')
  const [reverting, setReverting] = useState<Change>()
  const changes = useInfiniteQuery({
    queryKey: policy('history', group),
    enabled: sees,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => data(await api.GET('/changes', { params: { query: { group, limit: 20, nested_limit: 20, cursor: pageParam } }, signal })),
    getNextPageParam: (page) => page.next_cursor,
  })
  if (!sees) return <Needs why={texts.historyUnseen} permission="changes:view" />
  if (changes.error) return <ProblemBox error={changes.error} onRetry={() => void changes.refetch()} />
  if (!changes.data) return <Loading />
  const items = changes.data.pages.flatMap((page) => page.items)
  if (items.length === 0) return <Empty>{texts.noHistory}</Empty>
  return (
    <Card>
      <ul className={style.history}>
        {items.map((change) => (
          <Entry key={change.revision} change={change} onRevert={setReverting} />
        ))}
      </ul>
      {changes.hasNextPage && (
        <p>
          <Button busy={changes.isFetchingNextPage} onClick={() => void changes.fetchNextPage()}>
            {texts.more}
          </Button>
        </p>
      )}
      {reverting && <RevertReview change={reverting} onClose={() => setReverting(undefined)} onReverted={() => setReverting(undefined)} />}
    </Card>
  )
}

function Entry({ change, onRevert }: { change: Change; onRevert: (change: Change) => void }) {
  const revision = change.revision ?? 0
  return (
    <li>
      <div className={style.historyHead}>
        <div>
          <p className={style.act}>{act(change)}</p>
          <p className={style.quiet}>
            <Actor actor={change.actor} /> · {change.at && <time dateTime={change.at} title={time(change.at)}>{ago(change.at)}</time>} ·{' '}
            <a href={to(['changes', String(revision)])}>{texts.change(revision)}</a>
          </p>
          {change.reason && <p>{change.reason}</p>}
        </div>
        <Button aria-label={texts.revertOf(revision)} onClick={() => onRevert(change)}>
          {texts.revert}
        </Button>
      </div>
      <details>
        <summary>{texts.what}</summary>
        <Difference change={change} />
      </details>
    </li>
  )
}
