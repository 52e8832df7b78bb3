import type { Schemas } from '../../api/problem'
import { time } from '../../lib/format'
import { subjectName, useEntries } from '../../lib/labels'
import { sentence } from '../../review/difference'
import { to } from '../../lib/route'
import { Code } from '../../ui/badge'
import style from './status.module.css'
import { texts } from './text'

/** RuleList names rules, each with a link to the group or user that has it. */
export function RuleList({ rules, count }: { rules: Schemas['ChangedRule'][]; count: number }) {
  const entries = useEntries()
  if (count === 0) return null
  return (
    <ul className={style.rules}>
      {rules.map((rule, i) => {
        const { name, isGroup } = subjectName(rule.subject)
        return (
          <li key={i}>
            <a href={to([isGroup ? 'groups' : 'users', name])}>{sentence(rule)}</a> {rule.until && texts.until(time(rule.until))}
            {rule.pattern && (
              <>
                {entries.get(rule.pattern)?.label} <Code>{rule.pattern}</Code>
              </>
            )}
          </li>
        )
      })}
      {count > rules.length && <li>{texts.more(count - rules.length)}</li>}
    </ul>
  )
}
