import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import style from './conflict.module.css'
import { texts } from './text'

/** Line is one thing that someone adds, removes or changes. */
export interface Line {
  key: string // lines about the same thing have the same key
  what: 'added' | 'removed' | 'changed'
  text: string
}

interface Props {
  who?: string // who has saved in the meantime, if that is known
  yours: Line[]
  theirs: Line[]
  onContinue: () => void // on the new version
}

/** ConflictNotice shows beside each other what two people did to the same thing: the notice of a DraftBar. The draft is kept. */
export function ConflictNotice({ who, yours, theirs, onContinue }: Props) {
  const both = yours.filter((line) => theirs.some((other) => other.key === line.key)).map((line) => line.key)
  const alone = (lines: Line[]) => lines.filter((line) => !both.includes(line.key))
  return (
    <div className={style.conflict}>
      <p>
        <strong>{who ? texts.conflictBy(who) : texts.conflict}</strong> {texts.draftKept}
      </p>
      <div className={style.sides}>
        <Side title={texts.yours} lines={alone(yours)} />
        <Side title={texts.theirs} lines={alone(theirs)} />
        {both.length > 0 && <Side title={texts.both} lines={[...yours, ...theirs].filter((line) => both.includes(line.key)).filter(first)} />}
      </div>
      <p>
        <Button onClick={onContinue}>{texts.continueOnNew}</Button>
      </p>
    </div>
  )
}

const first = (line: Line, i: number, lines: Line[]) => lines.findIndex((other) => other.key === line.key && other.what === line.what && other.text === line.text) === i

function Side({ title, lines }: { title: string; lines: Line[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <ul className={style.lines}>
        {lines.length === 0 && <li>{texts.noLines}</li>}
        {lines.map((line, i) => (
          <li key={i}>
            <Badge tone={line.what === 'added' ? 'good' : line.what === 'removed' ? 'bad' : 'accent'}>{texts[line.what]}</Badge>
            <span>{line.text}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
