import type { ReactNode } from 'react'
import type { Change } from '../../api/client'
import { ago, number, time } from '../../lib/format'
import { subjectName } from '../../lib/labels'
import { to } from '../../lib/route'
import { channelName } from '../../review/acts'
import { Actor } from '../../review/actor'
import { Difference } from '../../review/difference'
import { Impact } from '../../review/impact'
import { seesUsers } from '../../shell/places'
import { useMyRights } from '../../shell/rights'
import { Code } from '../../ui/badge'
import { Copy } from '../../ui/copy'
import { Facts } from '../../ui/facts'
import { Card } from '../../ui/page'
import { GroupName, LookedUpUser } from '../../ui/user-name'
import style from './changes.module.css'
import { texts } from './text'

/** Details are who made a change, when, how and why, what it changed, and who gained or lost what by it. */
export function Details({ change }: { change: Change }) {
  return (
    <>
      <Card title={texts.circumstances}>
        <Facts facts={facts(change)} />
      </Card>
      <Card title={texts.beforeAndAfter}>
        <What change={change} />
        {change.left_out !== undefined && <p>{texts.leftOut(change.left_out)}</p>}
      </Card>
      {!change.archived && !change.fault && (
        <Card title={texts.effect}>
          <Impact change={change} />
        </Card>
      )}
    </>
  )
}

function What({ change }: { change: Change }) {
  if (change.fault) return <p>{texts.damaged}</p>
  return change.archived ? <Archive archived={change.archived} /> : <Difference change={change} />
}

function facts(change: Change): [name: string, value: ReactNode][] {
  return [
    [texts.who, change.actor.kind === 'user' ? <LookedUpUser id={change.actor.id} /> : <Actor actor={change.actor} />],
    [texts.when, change.at && <><time dateTime={change.at}>{time(change.at)}</time> <span className={style.quiet}>{ago(change.at)}</span></>],
    [texts.how, channelName(change.channel)],
    [texts.why, change.reason ?? <span className={style.quiet}>{texts.noReason}</span>],
    [texts.about, change.target && <Target action={change.action} target={change.target} />],
    [texts.hash, change.hash && <span className={style.hash}><Code>{change.hash}</Code> <Copy text={change.hash} what={texts.hash} /></span>],
  ]
}

/** Target is what a change was about: a group, a user, an access request, or the change that was reverted. */
function Target({ action, target }: { action: string; target: string }) {
  const sees = seesUsers(useMyRights())
  if (action === 'change.revert') return <a href={to(['changes', target])}>{texts.change(Number(target))}</a>
  if (action === 'request.approve' && sees) return <a href={to(['requests', target])}>{texts.request(target)}</a>
  if (action.startsWith('group.')) return <GroupName name={subjectName(target).name} />
  if (action.startsWith('user.') || action === 'administrators.bootstrap') return <LookedUpUser id={target} />
  return target
}

function Archive({ archived }: { archived: NonNullable<Change['archived']> }) {
  return (
    <>
      <p>{texts.archived(number(archived.from), number(archived.through))}</p>
      <Facts
        facts={[
          [texts.lastHash, <Code>{archived.hash}</Code>],
          [texts.digest, <Code>{archived.digest}</Code>],
        ]}
      />
    </>
  )
}
