import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Change } from '../../api/client'
import { policy } from '../../api/queries'
import { time } from '../../lib/format'
import { to } from '../../lib/route'
import { act } from '../../review/acts'
import { Actor } from '../../review/actor'
import { Difference } from '../../review/difference'
import { RevertReview } from '../../review/revert'
import { Button } from '../../ui/button'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts } from './text'
import style from './user.module.css'

/** HistoryCard lists the changes of the user's groups and rules. It reads them only when it is opened. */
export function HistoryCard({ user, revertible }: { user: string; revertible: boolean }) {
  const [open, setOpen] = useState(false)
  const [reverted, setReverted] = useState<Change>()
  const changes = useInfiniteQuery({
    queryKey: policy('changes', 'of-user', user),
    enabled: open,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor }) => data(await api.GET('/changes', { params: { query: { user, limit: 10, nested_limit: 5, cursor } } })),
    getNextPageParam: (page) => page.next_cursor,
  })
  const items = changes.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title={texts.history} aside={<a href={to(['changes'], { user })}>{texts.allHistory}</a>}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{texts.historySummary}</summary>
        {open && changes.isPending && <Loading />}
        {changes.error && <ProblemBox error={changes.error} onRetry={() => void changes.refetch()} />}
        {changes.data && items.length === 0 && <p>{texts.noHistory}</p>}
        <ol className={style.rows}>
          {items.map((change) => (
            <li key={change.revision} className={style.change}>
              <p>
                <a href={to(['changes', String(change.revision)])}>{act(change)}</a>{' '}
                <span className={style.quiet}>
                  <Actor actor={change.actor} />, {change.at && time(change.at)}
                </span>
              </p>
              {change.reason && <p>{change.reason}</p>}
              <Difference change={change} />
              {revertible && (
                <Button look="quiet" className={style.small} aria-label={`${texts.revert} ${act(change)}`} onClick={() => setReverted(change)}>
                  {texts.revert}
                </Button>
              )}
            </li>
          ))}
        </ol>
        {changes.hasNextPage && (
          <Button busy={changes.isFetchingNextPage} onClick={() => void changes.fetchNextPage()}>
            {texts.moreHistory}
          </Button>
        )}
      </details>
      {reverted && <RevertReview change={reverted} onClose={() => setReverted(undefined)} onReverted={() => setReverted(undefined)} />}
    </Card>
  )
}
