import type { Schemas } from '../api/problem'
import { time } from '../lib/format'
import { subjectName } from '../lib/labels'
import { to } from '../lib/route'
import { classes } from './classes'
import style from './path.module.css'
import { texts } from './text'

type Origin = Schemas['Origin']

/**
 * Path draws how a rule reaches someone: user → group → group → pattern. Words between them say what the arrows mean, so
 * that it reads as a sentence.
 */
export function Path({ origin }: { origin: Origin }) {
  const end = origin.rule === 'grant' ? texts.grants : texts.restricts
  return (
    <ol className={style.path}>
      {origin.path.map((subject, i) => (
        <li key={i}>
          {i > 0 && <span className={style.link}>{link(origin.path[i - 1] ?? '')}</span>}
          <Node subject={subject} />
          {i === 0 && origin.until && <span className={style.until}>{texts.endsAt(time(origin.until))}</span>}
        </li>
      ))}
      <li>
        <span className={style.link}>{origin.bad_row ? texts.deniedBy : end}</span>
        <code className={classes(style.node, origin.rule === 'grant' ? style.good : style.bad)}>{origin.bad_row ? texts.badRow : origin.pattern}</code>
      </li>
    </ol>
  )
}

/** Users are in groups; groups inherit groups. */
const link = (from: string) => (subjectName(from).isGroup ? texts.inherits : texts.isIn)

function Node({ subject }: { subject: string }) {
  const { name, isGroup } = subjectName(subject)
  return (
    <a className={style.node} href={to([isGroup ? 'groups' : 'users', name])}>
      {name}
    </a>
  )
}
