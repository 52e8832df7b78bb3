import { useQuery } from '@tanstack/react-query'
import { policy } from '../../api/queries'
import type { Entry } from '../../lib/catalog'
import { list, time } from '../../lib/format'
import { isWildcard } from '../../lib/patterns'
import { to } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Code } from '../../ui/badge'
import { Button, LinkButton } from '../../ui/button'
import { Loading, Page } from '../../ui/page'
import { PrintedNames, PrintedPart } from '../../ui/printed'
import { ProblemBox } from '../../ui/problem'
import { Table } from '../../ui/table'
import { inheritedStatus, statuses, type Status } from './held'
import { texts } from './text'
import type { Group } from './use-group-draft'
import { listMembers } from './use-members'
import { useSources } from './use-rules'
import { keyOf } from './wildcards'

const mostMembers = 500

/** PrintGroup is a group on paper: all that an audit asks for, and nothing to press. */
export function PrintGroup({ group, catalog }: { group: Group; catalog: Entry[] }) {
  const rights = useMyRights()
  const { sources, error } = useSources(group.name, group.inherits, false)
  const members = useQuery({
    queryKey: policy('printed-members', group.name),
    enabled: rights.may('users:view'),
    queryFn: ({ signal }) => listMembers(group.name, undefined, signal, mostMembers),
  })
  const back = <a href={to(['groups', group.name])}>{texts.back}</a>
  if (error) return <Page title={group.name} back={back} children={<ProblemBox error={error} />} />
  if (!sources || members.isLoading) return <Page title={group.name} back={back} children={<Loading />} />
  const status = statuses(new Map(catalog.map((entry) => [entry.permission, inheritedStatus(entry.permission, sources)])), group.permissions)
  const held = catalog.filter((entry) => status.get(entry.permission)?.held)
  const denied = catalog.filter((entry) => status.get(entry.permission)?.denied)
  const others = [...group.permissions.grants, ...group.permissions.restrictions].filter((pattern) => isWildcard(pattern) || !status.has(pattern))
  return (
    <Page
      title={group.name}
      lead={group.description}
      back={back}
      actions={
        <>
          <LinkButton href={to(['groups', group.name])}>{texts.back}</LinkButton>
          <Button look="primary" onClick={() => print()}>
            {texts.printNow}
          </Button>
        </>
      }
    >
      <p>{texts.printed(time(new Date()))}</p>
      <PrintedPart title={`${texts.printHeld}: ${texts.held(held.length, catalog.length)}`}>
        <Rows entries={held} status={status} label={texts.printHeld} />
      </PrintedPart>
      {denied.length > 0 && (
        <PrintedPart title={texts.printRestricted}>
          <Rows entries={denied} status={status} label={texts.printRestricted} restricted />
        </PrintedPart>
      )}
      {others.length > 0 && (
        <PrintedPart title={texts.otherRules}>
          <ul>
            {[...new Set(others)].map((pattern) => (
              <li key={pattern}>
                <Code>{pattern}</Code> {group.permissions.restrictions.includes(pattern) && texts.restricted}
              </li>
            ))}
          </ul>
        </PrintedPart>
      )}
      <PrintedPart title={texts.inheritance}>
        <p>{group.inherits.length > 0 ? list(group.inherits) : texts.inheritsNothing}</p>
      </PrintedPart>
      {members.data && (
        <PrintedPart title={texts.memberCount(members.data.total)}>
          <PrintedNames>
            {members.data.items.map((member) => (
              <li key={member.user}>
                {member.name && `${member.name} · `}
                {member.user}
                {member.until && ` · ${texts.endsAt(time(member.until))}`}
              </li>
            ))}
          </PrintedNames>
          {members.data.next && <p>{texts.printFirst(members.data.items.length, members.data.total)}</p>}
        </PrintedPart>
      )}
    </Page>
  )
}

function Rows({ entries, status, label, restricted = false }: { entries: Entry[]; status: ReadonlyMap<string, Status>; label: string; restricted?: boolean }) {
  if (entries.length === 0) return <p>{texts.nothing}</p>
  return (
    <Table
      label={label}
      head={
        <>
          <th scope="col">{texts.category}</th>
          <th scope="col">{texts.permission}</th>
          <th scope="col">{texts.how}</th>
        </>
      }
    >
      {entries.map((entry) => (
        <tr key={entry.permission}>
          <td>{keyOf(entry.category)}</td>
          <th scope="row">
            {entry.label} <Code>{entry.permission}</Code>
          </th>
          <td>{restricted ? restrictedHow(status.get(entry.permission)!) : heldHow(status.get(entry.permission)!)}</td>
        </tr>
      ))}
    </Table>
  )
}

/** HeldHow names every rule by which the group holds a permission. */
function heldHow({ direct, wildcard, from, path }: Status): string {
  return [direct && texts.direct, wildcard && `${texts.by} ${wildcard}`, from && texts.fromVia(path?.join(' › ') ?? from)].filter(Boolean).join(', ')
}

function restrictedHow({ restricted, ownRestriction, restrictedFrom }: Status): string {
  return [restricted && texts.direct, ownRestriction && `${texts.by} ${ownRestriction}`, restrictedFrom && `${texts.from} ${restrictedFrom}`].filter(Boolean).join(', ')
}
