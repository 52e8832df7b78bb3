import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'
import { ago, number, time } from '../../lib/format'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { GroupName, UserName } from '../../ui/user-name'
import style from './status.module.css'
import { texts } from './text'

const shown = 20

/** The memberships that end, the first to end at the top. */
export function Endings() {
  const query = useInfiniteQuery({
    queryKey: policy('endings'),
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => data(await api.GET('/endings', { params: { query: { cursor: pageParam, limit: shown } } })),
    getNextPageParam: (page) => page.next_cursor,
  })
  const total = query.data?.pages[0]?.total ?? 0
  return (
    <Card title={texts.endings} aside={query.data && <Badge>{number(total)}</Badge>}>
      {query.isPending && <Loading />}
      {query.error && <ProblemBox error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <p>{total > 0 ? texts.endingsLead : texts.noEndings}</p>}
      <ul className={style.rules}>
        {query.data?.pages.flatMap((page) =>
          page.items.map((item) => (
            <li key={`${item.user} ${item.group}`}>
              <UserName id={item.user} name={item.display_name} /> {texts.in} <GroupName name={item.group} />{' '}
              <span className={style.quiet}>
                {texts.until(time(item.until))} ({ago(item.until)})
              </span>
            </li>
          )),
        )}
      </ul>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {texts.moreEndings}
        </Button>
      )}
    </Card>
  )
}
