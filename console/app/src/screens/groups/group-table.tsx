import type { Schemas } from '../../api/problem'
import { ago, number, time } from '../../lib/format'
import { to } from '../../lib/route'
import { actorName } from '../../review/acts'
import { Badge } from '../../ui/badge'
import { classes } from '../../ui/classes'
import { numberClass, Table } from '../../ui/table'
import style from './groups.module.css'
import { texts } from './text'

type Group = Schemas['Group'] & { permission_total?: number }

/** GroupTable lists groups with what they hold, and who has changed them last. */
export function GroupTable({ groups }: { groups: Group[] }) {
  return (
    <Table
      label={texts.title}
      head={
        <>
          <th scope="col">{texts.group}</th>
          <th scope="col" className={numberClass}>
            {texts.members}
          </th>
          <th scope="col" className={numberClass}>
            {texts.permissions}
          </th>
          <th scope="col">{texts.lastChange}</th>
        </>
      }
    >
      {groups.map((group) => (
        <Row key={group.name} group={group} />
      ))}
    </Table>
  )
}

function Row({ group }: { group: Group }) {
  const inherited = group.inherited_count ?? group.inherits.length
  const rules = (group.permissions.grant_count ?? group.permissions.grants.length) + (group.permissions.restriction_count ?? group.permissions.restrictions.length)
  return (
    <tr className={style.row}>
      <th scope="row">
        <a href={to(['groups', group.name])} className={style.name}>
          {group.name}
        </a>{' '}
        {group.protected && (
          <Badge tone="warn" title={texts.protectedWhy}>
            {texts.protected}
          </Badge>
        )}
        {inherited > 0 && <Badge>{texts.inherits(inherited)}</Badge>}
        {group.description && <p className={style.quiet}>{group.description}</p>}
        {group.protected && <p className={style.quiet}>{texts.protectedWhy}</p>}
      </th>
      <td className={numberClass} data-label={texts.members}>
        {number(group.member_count)}
      </td>
      <td className={numberClass} data-label={texts.permissions}>
        {group.held_count === undefined || group.permission_total === undefined ? texts.countRules(rules) : texts.held(group.held_count, group.permission_total)}
      </td>
      <td data-label={texts.lastChange} className={classes(style.quiet, style.last)}>
        <time dateTime={group.updated_at} title={time(group.updated_at)}>
          {ago(group.updated_at)}
        </time>{' '}
        · {actorName(group.updated_by)}
      </td>
    </tr>
  )
}
