import { useEntries } from '../../lib/labels'
import { Button } from '../../ui/button'
import { Card, Loading } from '../../ui/page'
import { Path } from '../../ui/path'
import { ProblemBox } from '../../ui/problem'
import { useHolders } from './queries'
import { texts } from './text'
import style from './why.module.css'

/** Holders lists who holds a permission, groups first, each with the shortest way by which they do. */
export function Holders({ permission }: { permission: string }) {
  const label = useEntries().get(permission)?.label ?? permission
  const holders = useHolders(permission)
  const items = holders.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title={texts.holders(label)}>
      {holders.isPending && <Loading />}
      {holders.error && <ProblemBox error={holders.error} onRetry={() => void holders.refetch()} />}
      {holders.data && items.length === 0 && <p>{texts.noHolders}</p>}
      <ul className={style.holders}>
        {items.map(({ subject, origins }) => (
          <li key={subject}>{origins[0] && <Path origin={origins[0]} />}</li>
        ))}
      </ul>
      {holders.hasNextPage && (
        <Button busy={holders.isFetchingNextPage} onClick={() => void holders.fetchNextPage()}>
          {texts.moreHolders}
        </Button>
      )}
    </Card>
  )
}
