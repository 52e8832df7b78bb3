import type { Schemas } from '../../api/problem'
import { subjectName } from '../../lib/labels'
import { to } from '../../lib/route'
import { Badge, Code } from '../../ui/badge'
import { Copy } from '../../ui/copy'
import style from './status.module.css'
import { texts } from './text'

/** BadRows says what is wrong with each bad row, who is denied everything by it, and how an operator repairs it. */
export function BadRows({ rows }: { rows: Schemas['BadRows'] }) {
  if (rows.count === 0) return <p>{texts.noBadRows}</p>
  return (
    <>
      <p>{texts.badRowsLead}</p>
      <ul className={style.bad}>
        {rows.items.map((row) => (
          <li key={row.id}>
            <h3>
              {texts.row(row.id)} <Badge tone={row.denies.length > 0 ? 'bad' : 'neutral'}>{row.denies.length > 0 ? texts.denies : texts.harmless}</Badge>
            </h3>
            <p>{row.detail}</p>
            <p>
              <Code>{row.values.join(', ')}</Code>
            </p>
            {row.denies.length > 0 && <Denied subjects={row.denies} />}
            <Repair id={row.id} />
          </li>
        ))}
      </ul>
      {rows.count > rows.items.length && <p>{texts.more(rows.count - rows.items.length)}</p>}
    </>
  )
}

function Denied({ subjects }: { subjects: string[] }) {
  return (
    <div>
      <p>{texts.deniesThese}</p>
      <ul className={style.subjects}>
        {subjects.map((subject) => {
          const { name, isGroup } = subjectName(subject)
          return (
            <li key={subject}>
              <a href={to([isGroup ? 'groups' : 'users', name])}>{name}</a>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** The commands of an operator, who has the database. The first only says what the others would do. */
function Repair({ id }: { id: number }) {
  const commands = [
    [texts.inspect, `rightful repair ${id}`],
    [texts.complete, `rightful repair --complete ${id}`],
    [texts.remove, `rightful repair --remove ${id}`],
  ]
  return (
    <details>
      <summary>{texts.repair}</summary>
      <p className={style.quiet}>{texts.repairHint}</p>
      <dl className={style.commands}>
        {commands.map(([what, command = '']) => (
          <div key={command}>
            <dt>{what}</dt>
            <dd>
              <Code>{command}</Code> <Copy text={command} what={command} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
