import type { Change } from '../api/client'
import type { Schemas } from '../api/problem'
import { time } from '../lib/format'
import { subjectName, useEntries } from '../lib/labels'
import { Badge, Code } from '../ui/badge'
import style from './review.module.css'
import { texts } from './text'

type Rule = Schemas['ChangedRule']

interface Props {
  change: Change
  removedFirst?: boolean
  lineOf?: (rule: Rule) => number | undefined // where an added rule stands in the file that is imported
}

/** Difference lists the rules, memberships and groups that a change adds and removes. */
export function Difference({ change, removedFirst = false, lineOf }: Props) {
  const added = change.added.map((rule, i) => <RuleRow key={`a${i}`} rule={rule} added line={lineOf?.(rule)} />)
  const removed = change.removed.map((rule, i) => <RuleRow key={`r${i}`} rule={rule} added={false} />)
  const rows = [
    ...(change.groups ?? []).map((group, i) => <GroupRow key={`g${i}`} group={group} />),
    ...(removedFirst ? [removed, added] : [added, removed]).flat(),
    ...(change.added_rows ?? []).map((row) => <BadRowRow key={`b${row.id}`} row={row} added />),
    ...(change.removed_rows ?? []).map((row) => <BadRowRow key={`c${row.id}`} row={row} added={false} />),
  ]
  const more = change.added_count + change.removed_count - change.added.length - change.removed.length
  if (rows.length === 0) return <p>{texts.nothing}</p>
  return (
    <ul className={style.rows}>
      {rows}
      {more > 0 && <li>{texts.moreRows(more)}</li>}
    </ul>
  )
}

function GroupRow({ group: { before, after } }: { group: Schemas['GroupChange'] }) {
  let what = ''
  if (!before) what = texts.created(after?.name ?? '')
  else if (!after) what = texts.deleted(before.name)
  else if (before.name !== after.name) what = texts.renamed(before.name, after.name)
  else what = texts.described(after.name)
  return (
    <li>
      <Badge tone={!before ? 'good' : !after ? 'bad' : 'accent'}>{!before ? texts.added : !after ? texts.removed : texts.changed}</Badge>
      <span>
        {what}
        {after && before && after.description !== before.description && (
          <span className={style.quiet}>
            <del>{before.description}</del> <ins>{after.description}</ins>
          </span>
        )}
      </span>
    </li>
  )
}

function RuleRow({ rule, added, line }: { rule: Rule; added: boolean; line?: number }) {
  const entry = useEntries().get(rule.pattern ?? '')
  const subject = subjectName(rule.subject).name
  return (
    <li>
      <Badge tone={added ? 'good' : 'bad'}>{added ? texts.added : texts.removed}</Badge>
      <span>
        {sentence(rule, subject)}
        {rule.until && <> {texts.until(time(rule.until))}</>}
        {line !== undefined && <span className={style.quiet}> {texts.line(line)}</span>}
        {rule.pattern && (
          <span className={style.permission}>
            {entry && <>{entry.label} </>}
            <Code>{rule.pattern}</Code>
          </span>
        )}
      </span>
    </li>
  )
}

/** A row of the table that is no rule. */
function BadRowRow({ row, added }: { row: Schemas['BadRow']; added: boolean }) {
  return (
    <li>
      <Badge tone={added ? 'warn' : 'neutral'}>{added ? texts.added : texts.removed}</Badge>
      <span>
        {texts.badRow(row.id)} {row.detail}
        <span className={style.permission}>
          <Code>{row.values.join(', ')}</Code>
        </span>
      </span>
    </li>
  )
}

/** Sentence says what a rule means, without its pattern. */
export function sentence(rule: Rule, subject = subjectName(rule.subject).name): string {
  switch (rule.rule) {
    case 'grant':
      return texts.grant(subject)
    case 'restriction':
      return texts.restriction(subject)
    case 'member':
      return texts.member(subject, rule.group ?? '')
    case 'inherit':
      return texts.inherit(subject, rule.group ?? '')
  }
}
