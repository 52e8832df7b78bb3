import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { areOff, refreshRequests, useMyRequests, withdraw, type AccessRequest } from '../../api/requests'
import { to } from '../../lib/route'
import { seesUsers } from '../../shell/places'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { RequestRow, useAsked } from './request-row'
import style from './requests.module.css'
import { texts } from './text'

/** What one has asked for oneself, and what became of it. */
export default function MyRequests() {
  const requests = useMyRequests()
  const items = requests.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title={texts.mine} lead={texts.mineLead} back={seesUsers(useMyRights()) && <a href={to(['requests'])}>{texts.title}</a>}>
      {requests.isPending && <Loading />}
      {requests.error && (areOff(requests.error) ? <Empty><p>{texts.off}</p></Empty> : <ProblemBox error={requests.error} onRetry={() => void requests.refetch()} />)}
      {requests.data && items.length === 0 && (
        <Empty>
          <p>{texts.noneOfMine}</p>
        </Empty>
      )}
      {items.length > 0 && (
        <ul className={style.list}>
          {items.map((request) => (
            <RequestRow key={request.id} request={request} own>
              {request.state === 'open' && <Withdraw request={request} />}
            </RequestRow>
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

/** Withdraw takes an open request back. Where someone has decided it by then, the list says so. */
function Withdraw({ request }: { request: AccessRequest }) {
  const client = useQueryClient()
  const asked = useAsked(request)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  async function submit() {
    setBusy(true)
    setFailed(undefined)
    try {
      await withdraw(request.id)
    } catch (error) {
      setFailed(error)
    }
    await refreshRequests(client)
    setBusy(false)
  }
  return (
    <>
      <p>
        <Button onClick={() => void submit()} busy={busy} aria-label={`${texts.withdraw}: ${asked}`}>
          {texts.withdraw}
        </Button>
      </p>
      {failed !== undefined && <ProblemBox error={failed} />}
    </>
  )
}
