import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { refreshRequests, useRequest, type AccessRequest } from '../../api/requests'
import { isRefused } from '../../api/problem'
import { refreshPolicy } from '../../api/queries'
import { time } from '../../lib/format'
import { useEntries } from '../../lib/labels'
import { to } from '../../lib/route'
import { Actor } from '../../review/actor'
import { useMyRights } from '../../shell/rights'
import { Badge, Code } from '../../ui/badge'
import { Facts } from '../../ui/facts'
import { Card, Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { LookedUpUser } from '../../ui/user-name'
import { Decide } from './decide'
import style from './requests.module.css'
import { tones } from './state'
import { texts } from './text'

/** RequestPage is one request: who asks for what and why, and for those who decide, the ways to give it. */
export default function RequestPage({ id }: { id: string }) {
  const [until, setUntil] = useState<string>()
  const [notice, setNotice] = useState('')
  const client = useQueryClient()
  const request = useRequest(id, until)
  const back = <a href={to(['requests'])}>{texts.title}</a>
  // Someone else has decided, or changed what a decision does: what is shown is read again.
  function onConflict(what: string) {
    setNotice(what)
    void refreshPolicy(client)
  }
  function onDecided(what: string) {
    setNotice(what)
    void refreshRequests(client)
  }
  if (request.data) {
    return (
      <Page title={texts.titleOf(request.data.display_name ?? request.data.user)} back={back}>
        <Notice text={notice} />
        <About request={request.data} />
        {request.data.state === 'open' && (
          <Decide request={request.data} stale={request.isPlaceholderData} until={until} onUntil={setUntil} onConflict={onConflict} onDecided={onDecided} />
        )}
        {request.error && <ProblemBox error={request.error} onRetry={() => void request.refetch()} />}
      </Page>
    )
  }
  return (
    <Page title={texts.title} back={back}>
      {request.isPending && <Loading />}
      {isRefused(request.error, 'not-found') ? (
        <Empty>
          <p>
            <strong>{texts.noSuchRequest}</strong> <Code>{id}</Code>
          </p>
          <p>{texts.noSuchRequestHint}</p>
        </Empty>
      ) : (
        request.error && <ProblemBox error={request.error} onRetry={() => void request.refetch()} />
      )}
    </Page>
  )
}

/** Notice says what became of the request. The button that was pressed is gone by then. */
function Notice({ text }: { text: string }) {
  const element = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    if (text) element.current?.focus()
  }, [text])
  return (
    <p ref={element} role="status" tabIndex={-1} className={style.notice}>
      {text}
    </p>
  )
}

function About({ request }: { request: AccessRequest }) {
  const rights = useMyRights()
  const { state, decided_by: by, decided_at: at, revision } = request
  return (
    <Card title={texts.request} aside={<Badge tone={tones[state]}>{texts.state[state]}</Badge>}>
      <Facts
        facts={[
          [texts.user, <LookedUpUser id={request.user} />],
          [texts.reason, request.reason ?? texts.noReason],
          [request.one_is_enough ? texts.oneOf : texts.what, <Permissions request={request} />],
          [texts.asked, time(request.created_at)],
          [state === 'approved' ? texts.givenUntil : texts.wantedUntil, request.until ? time(request.until) : texts.noEnd],
          [texts.expires, state === 'open' && time(request.expires_at)],
          [texts.denial, request.denial_id && <a href={to(['why', request.denial_id])}>{texts.seeDenial}</a>],
          [texts.decidedBy, by && at && <><Actor actor={by} />, {time(at)}</>],
          [texts.decision, request.decision],
          [texts.change, state === 'approved' && revision !== undefined && rights.may('changes:view') && <a href={to(['changes', String(revision)])}>{texts.changeNumber(revision)}</a>],
        ]}
      />
    </Card>
  )
}

/** The permissions that are asked for, and which of them are missing now. */
function Permissions({ request }: { request: AccessRequest }) {
  const entries = useEntries()
  if (!request.permissions) return texts.concealed
  return (
    <ul className={style.permissions}>
      {request.permissions.map((permission) => (
        <li key={permission}>
          {entries.get(permission)?.label} <Code>{permission}</Code>{' '}
          {request.missing?.includes(permission) ? <Badge tone="bad">{texts.missing}</Badge> : <Badge tone="good">{texts.held}</Badge>}
        </li>
      ))}
    </ul>
  )
}
