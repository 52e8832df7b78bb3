import { useStatus } from '../../api/queries'
import type { Schemas } from '../../api/problem'
import { number } from '../../lib/format'
import { to } from '../../lib/route'
import { seesUsers } from '../../shell/places'
import { useMyRights } from '../../shell/rights'
import { Badge, Code } from '../../ui/badge'
import { Copy } from '../../ui/copy'
import { Facts } from '../../ui/facts'
import { Card, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { BadRows } from './bad-rows'
import { Ended } from './ended'
import { Endings } from './endings'
import { RuleList } from './rule-list'
import style from './status.module.css'
import { texts } from './text'

type State = Schemas['Status']

/** Whether the permissions are as they should be, and what to do where they aren't. */
export default function Status() {
  const status = useStatus()
  return (
    <Page title={texts.title} lead={texts.lead}>
      {status.isPending && <Loading />}
      {status.error && <ProblemBox error={status.error} onRetry={() => void status.refetch()} />}
      {status.data && <Everything status={status.data} />}
    </Page>
  )
}

function Everything({ status }: { status: State }) {
  const rights = useMyRights()
  const sees = seesUsers(rights)
  const bad = status.bad_rows?.count ?? 0
  const undeclared = status.undeclared?.count ?? 0
  return (
    <>
      <Card title={texts.now} aside={<Verdict status={status} />}>
        <Overview status={status} />
      </Card>
      {status.bad_rows && (
        <Card title={texts.badRows} aside={<Badge tone={bad > 0 ? 'warn' : 'good'}>{number(bad)}</Badge>}>
          <BadRows rows={status.bad_rows} />
        </Card>
      )}
      {status.undeclared && (
        <Card title={texts.undeclared} aside={<Badge tone={undeclared > 0 ? 'warn' : 'good'}>{number(undeclared)}</Badge>}>
          <p>{undeclared > 0 ? texts.undeclaredLead : texts.noneUndeclared}</p>
          <RuleList rules={status.undeclared.items} count={undeclared} />
        </Card>
      )}
      {sees && <Endings />}
      {sees && rights.may('changes:view') && <Ended />}
      {status.drift && <Drift drift={status.drift} />}
    </>
  )
}

/** One word for all of it. */
function Verdict({ status }: { status: State }) {
  if (status.store?.state === 'unavailable') return <Badge tone="bad">{texts.away}</Badge>
  if ((status.bad_rows?.count ?? 0) + (status.undeclared?.count ?? 0) > 0) return <Badge tone="warn">{texts.look}</Badge>
  return <Badge tone="good">{texts.well}</Badge>
}

function Overview({ status }: { status: State }) {
  const { revision, store, head } = status
  return (
    <Facts
      facts={[
        [texts.revision, <a href={to(['changes', String(revision)])}>{texts.revisionNumber(number(revision))}</a>],
        [texts.confirmed, texts.secondsAgo(Math.round(status.age_seconds))],
        [texts.store, store && (store.state === 'ok' ? texts.storeOk : <>{texts.storeAway} {store.detail && <span className={style.quiet}>{store.detail}</span>}</>)],
        [
          texts.head,
          head && (
            <>
              <span className={style.hash}>
                <Code>{head}</Code> <Copy text={head} what={texts.head} />
              </span>
              <p className={style.quiet}>{texts.headHint}</p>
            </>
          ),
        ],
      ]}
    />
  )
}

function Drift({ drift }: { drift: Schemas['Drift'] }) {
  const count = drift.missing_count + drift.extra_count
  return (
    <Card title={texts.drift} aside={drift.seeded && <Badge>{number(count)}</Badge>}>
      <p>{!drift.seeded ? texts.notSeeded : count === 0 ? texts.noDrift : texts.driftLead}</p>
      {drift.extra_count > 0 && (
        <>
          <h3>{texts.extra(drift.extra_count)}</h3>
          <RuleList rules={drift.extra} count={drift.extra_count} />
        </>
      )}
      {drift.missing_count > 0 && (
        <>
          <h3>{texts.missing(drift.missing_count)}</h3>
          <RuleList rules={drift.missing} count={drift.missing_count} />
        </>
      )}
    </Card>
  )
}
