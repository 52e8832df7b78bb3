import { useMemo } from 'react'
import { ago, number, time } from '../../lib/format'
import { useEntries } from '../../lib/labels'
import { to } from '../../lib/route'
import { Code } from '../../ui/badge'
import { Button, LinkButton } from '../../ui/button'
import { Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Table, numberClass } from '../../ui/table'
import { LookedUpUser } from '../../ui/user-name'
import { groupDenials, type DeniedRequests } from './group-denials'
import { useDenials } from './queries'
import { texts } from './text'
import style from './why.module.css'

/** Denials lists what was refused lately, by route and missing permissions. */
export function Denials({ user, onEveryone }: { user: string; onEveryone: () => void }) {
  const denials = useDenials(user)
  const groups = useMemo(() => groupDenials(denials.data?.pages.flatMap((page) => page.items) ?? []), [denials.data])
  return (
    <section className={style.section}>
      <header className={style.sectionHead}>
        <h2>{user ? texts.recentOf(user) : texts.recent}</h2>
        {user && <Button onClick={onEveryone}>{texts.everyone}</Button>}
      </header>
      {denials.isPending && <Loading />}
      {denials.error && <ProblemBox error={denials.error} onRetry={() => void denials.refetch()} />}
      {denials.data && groups.length === 0 && (
        <Empty>
          <p>{user ? texts.noDenialsOf(user) : texts.noDenials}</p>
        </Empty>
      )}
      {groups.length > 0 && (
        <Table
          label={texts.recent}
          head={
            <>
              <th scope="col">{texts.request}</th>
              <th scope="col">{texts.missing}</th>
              <th scope="col">{texts.people}</th>
              <th scope="col" className={numberClass}>
                {texts.times}
              </th>
              <th scope="col">{texts.last}</th>
            </>
          }
        >
          {groups.map((group) => (
            <Row key={group.key} group={group} />
          ))}
        </Table>
      )}
      {denials.hasNextPage && (
        <p>
          <Button busy={denials.isFetchingNextPage} onClick={() => void denials.fetchNextPage()}>
            {texts.older}
          </Button>
        </p>
      )}
    </section>
  )
}

const fewPeople = 5

function Row({ group: { method, route, missing, oneIsEnough, users, count, last } }: { group: DeniedRequests }) {
  const entries = useEntries()
  return (
    <tr>
      <th scope="row">
        <a href={to(['why', last.id])}>
          <code>
            {method} {route}
          </code>
        </a>
      </th>
      <td data-label={texts.missing}>
        {missing.length === 0 && texts.nothingRequired}
        {oneIsEnough && missing.length > 1 && <span className={style.quiet}>{texts.oneOf} </span>}
        <ul className={style.missing}>
          {missing.map((permission) => (
            <li key={permission}>{entries.get(permission)?.label ?? <Code>{permission}</Code>}</li>
          ))}
        </ul>
      </td>
      <td data-label={texts.people}>
        <span className={style.people}>
          {users.slice(0, fewPeople).map((user) => (
            <LookedUpUser key={user} id={user} />
          ))}
          {users.length > fewPeople && <span className={style.quiet}>{texts.more(users.length - fewPeople)}</span>}
        </span>
      </td>
      <td data-label={texts.times} className={numberClass}>
        {number(count)}
      </td>
      <td data-label={texts.last}>
        <time dateTime={last.at} title={time(last.at)}>
          {ago(last.at)}
        </time>{' '}
        <LinkButton look="quiet" href={to(['why', last.id])} aria-label={`${texts.explainLast}: ${method} ${route}`}>
          {texts.explainLast}
        </LinkButton>
      </td>
    </tr>
  )
}
