import { useQuery } from '@tanstack/react-query'
import { api, data, type Change } from '../../api/client'
import { policy } from '../../api/queries'
import { ago, time } from '../../lib/format'
import { to } from '../../lib/route'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { GroupName, LookedUpUser } from '../../ui/user-name'
import style from './status.module.css'
import { texts } from './text'

const days = 30
const lookedThrough = 200 // of the changes, which the interface doesn't select by what they did
const shownOfEach = 5

/** The memberships that ended by themselves, the last at the top. */
export function Ended() {
  const query = useQuery({
    queryKey: policy('ended'),
    queryFn: async () => {
      const since = new Date(Date.now() - days * 86_400_000).toISOString()
      return data(await api.GET('/changes', { params: { query: { since, limit: lookedThrough, nested_limit: shownOfEach } } }))
    },
  })
  const changes = query.data?.items.filter((change) => change.action === 'memberships.end') ?? []
  return (
    <Card title={texts.ended}>
      {query.isPending && <Loading />}
      {query.error && <ProblemBox error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <p>{changes.length > 0 ? texts.endedLead(days) : texts.noneEnded(days)}</p>}
      {changes.length > 0 && (
        <ul className={style.rules}>
          {changes.map((change) => (
            <EndedBy key={change.revision} change={change} />
          ))}
        </ul>
      )}
      {query.data?.next_cursor && (
        <p className={style.quiet}>
          {texts.endedCut(lookedThrough)} <a href={to(['changes'])}>{texts.allChanges}</a>
        </p>
      )}
    </Card>
  )
}

/** EndedBy are the memberships that one change removed because their time had come. */
function EndedBy({ change: { revision, at, removed, removed_count } }: { change: Change }) {
  const address = to(['changes', String(revision)])
  return (
    <>
      {removed.map(({ subject, group = '' }) => (
        <li key={`${subject} ${group}`}>
          <LookedUpUser id={subject} /> {texts.in} <GroupName name={group} />{' '}
          {at && (
            <span className={style.quiet}>
              <a href={address}>{texts.endedAt(time(at))}</a> ({ago(at)})
            </span>
          )}
        </li>
      ))}
      {removed_count > removed.length && (
        <li>
          <a href={address}>{texts.more(removed_count - removed.length)}</a>
        </li>
      )}
    </>
  )
}
