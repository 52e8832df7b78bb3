import { useMemo } from 'react'
import type { Change } from '../../api/client'
import { day } from '../../lib/format'
import { to, useRoute } from '../../lib/route'
import { Button } from '../../ui/button'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { ChangeRow } from './change-row'
import style from './changes.module.css'
import { FilterForm, isFiltered, readFilters } from './filters'
import { useChanges } from './queries'
import { texts } from './text'

/** The changes, newest first, under the day when they were made. */
export default function Changes() {
  const filters = readFilters(useRoute().query)
  const changes = useChanges(filters)
  const days = useMemo(() => byDay(changes.data?.pages.flatMap((page) => page.items) ?? []), [changes.data])
  return (
    <Page title={texts.title} lead={texts.lead}>
      <FilterForm filters={filters} />
      {changes.isPending && <Loading />}
      {changes.error && <ProblemBox error={changes.error} onRetry={() => void changes.refetch()} />}
      {changes.data && days.length === 0 && (
        <Empty>
          <p>{isFiltered(filters) ? texts.noMatch : texts.none}</p>
          {isFiltered(filters) && <a href={to(['changes'])}>{texts.showAll}</a>}
        </Empty>
      )}
      {days.map(([name, items]) => (
        <section key={name} className={style.day}>
          <h2>{name}</h2>
          <ol className={style.list}>
            {items.map((change) => (
              <ChangeRow key={change.revision} change={change} />
            ))}
          </ol>
        </section>
      ))}
      {changes.hasNextPage && (
        <Button onClick={() => void changes.fetchNextPage()} busy={changes.isFetchingNextPage}>
          {texts.more}
        </Button>
      )}
      <p role="status" className={style.status}>
        {changes.data && days.length > 0 ? texts.shown(changes.data.pages.reduce((sum, page) => sum + page.items.length, 0), !changes.hasNextPage) : ''}
      </p>
    </Page>
  )
}

function byDay(changes: Change[]): [day: string, changes: Change[]][] {
  const days = new Map<string, Change[]>()
  for (const change of changes) {
    const name = change.at ? day(change.at) : ''
    days.set(name, [...(days.get(name) ?? []), change])
  }
  return [...days]
}
