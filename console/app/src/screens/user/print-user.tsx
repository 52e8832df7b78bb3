import type { Schemas } from '../../api/problem'
import { useStatus } from '../../api/queries'
import { time } from '../../lib/format'
import { useEntries } from '../../lib/labels'
import { to } from '../../lib/route'
import { Code } from '../../ui/badge'
import { Button, LinkButton } from '../../ui/button'
import { OriginSentence } from '../../ui/origin'
import { Page } from '../../ui/page'
import { PrintedPart } from '../../ui/printed'
import { Table } from '../../ui/table'
import { Heading, Summary } from './heading'
import { texts } from './text'

/** PrintUser is a user on paper: all that an audit asks for, with every origin, and nothing to edit. */
export function PrintUser({ user }: { user: Schemas['User'] }) {
  const status = useStatus(false)
  const address = to(['users', user.id])
  return (
    <Page
      title={user.display_name ?? user.id}
      heading={<Heading user={user} />}
      lead={<Summary user={user} />}
      back={<a href={address}>{texts.backToUser(user.id)}</a>}
      actions={
        <>
          <LinkButton href={address}>{texts.close}</LinkButton>
          <Button look="primary" onClick={() => print()}>
            {texts.print}
          </Button>
        </>
      }
    >
      <p>{texts.printed(time(new Date()), status.data?.revision)}</p>
      <PrintedPart title={texts.groups}>
        {user.groups.length === 0 && <p>{texts.inNoGroup}</p>}
        <ul>
          {user.groups.map(({ group, until }) => (
            <li key={group}>
              {group}
              {until && ` · ${texts.until(time(until))}`}
            </li>
          ))}
        </ul>
      </PrintedPart>
      <PrintedPart title={texts.rules}>
        <OwnRules rules={user.permissions} />
      </PrintedPart>
      <PrintedPart title={`${texts.effective} (${user.effective_count ?? user.effective.length})`}>
        {user.effective.length === 0 ? <p>{texts.mayDoNothing(user.display_name ?? user.id)}</p> : <Effective held={user.effective} />}
      </PrintedPart>
    </Page>
  )
}

function OwnRules({ rules: { grants, restrictions } }: { rules: Schemas['Rules'] }) {
  const entries = useEntries()
  if (grants.length + restrictions.length === 0) return <p>{texts.noRules}</p>
  const item = (kind: string) => (pattern: string) => (
    <li key={kind + pattern}>
      {kind}: {entries.get(pattern)?.label} <Code>{pattern}</Code>
    </li>
  )
  return (
    <ul>
      {grants.map(item(texts.may))}
      {restrictions.map(item(texts.mustNot))}
    </ul>
  )
}

function Effective({ held }: { held: Schemas['Effective'] }) {
  return (
    <Table
      label={texts.effective}
      head={
        <>
          <th scope="col">{texts.category}</th>
          <th scope="col">{texts.permission}</th>
          <th scope="col">{texts.byWhat}</th>
        </>
      }
    >
      {held.map(({ permission, label, category, origins, origin_count }) => (
        <tr key={permission}>
          <td data-label={texts.category}>{category?.join(' › ')}</td>
          <th scope="row">
            {label} <Code>{permission}</Code>
          </th>
          <td data-label={texts.byWhat}>
            {origins.map((origin, i) => (
              <p key={i}>
                <OriginSentence origin={origin} permission={permission} />
              </p>
            ))}
            {origin_count > origins.length && <p>{texts.moreOrigins(origin_count - origins.length)}</p>}
          </td>
        </tr>
      ))}
    </Table>
  )
}
