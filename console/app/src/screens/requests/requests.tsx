import { useEffect, useRef } from 'react'
import { areOff, useOpenCount, useRequests, type RequestState } from '../../api/requests'
import { to, useRoute } from '../../lib/route'
import { Button } from '../../ui/button'
import { Choices } from '../../ui/choices'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { RequestRow } from './request-row'
import style from './requests.module.css'
import { texts } from './text'

const states: RequestState[] = ['open', 'approved', 'declined', 'withdrawn', 'expired']

/** What people ask for, by state: those that wait for a decision first. */
export default function Requests() {
  const asked = useRoute().query.get('state') ?? 'open'
  const state = states.find((one) => one === asked)
  const open = useOpenCount(true)
  const requests = useRequests(state)
  useRefetch(open.data, requests.refetch)
  const items = requests.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title={texts.title} lead={texts.lead} actions={<a href={to(['my-requests'])}>{texts.mine}</a>}>
      <Choices
        label={texts.states}
        choices={[
          ...states.map((one) => ({
            href: to(['requests'], { state: one === 'open' ? undefined : one }), text: texts.tabs[one], current: one === state,
            count: one === 'open' ? open.data : undefined,
          })),
          { href: to(['requests'], { state: 'all' }), text: texts.all, current: state === undefined },
        ]}
      />
      {requests.isPending && <Loading />}
      {requests.error && (areOff(requests.error) ? <Empty><p>{texts.off}</p></Empty> : <ProblemBox error={requests.error} onRetry={() => void requests.refetch()} />)}
      {requests.data && items.length === 0 && (
        <Empty>
          <p>{state === 'open' ? texts.noneOpen : texts.none}</p>
        </Empty>
      )}
      {items.length > 0 && (
        <ul className={style.list}>
          {items.map((request) => (
            <RequestRow key={request.id} request={request} />
          ))}
        </ul>
      )}
      {requests.hasNextPage && (
        <Button onClick={() => void requests.fetchNextPage()} busy={requests.isFetchingNextPage}>
          {uiTexts.showMore}
        </Button>
      )}
    </Page>
  )
}

/** UseRefetch reads the list again when the number of open requests has changed. */
function useRefetch(count: number | undefined, refetch: () => unknown) {
  const seen = useRef(count)
  useEffect(() => {
    if (seen.current !== undefined && seen.current !== count) refetch()
    seen.current = count
  }, [count, refetch])
}
