import type { ReactNode } from 'react'
import type { Schemas } from '../../api/problem'
import { list } from '../../lib/format'
import { subjectName, useEntries } from '../../lib/labels'
import { Badge, Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { More } from '../../ui/problem'
import { texts } from './text'
import style from './why.module.css'

type Fix = Schemas['Fix']

/** UseFixTitle says what a fix does, in one sentence. */
export function useFixTitle(fix: Fix, who: string, user: string): string {
  const parts: string[] = []
  if (fix.groups) parts.push(texts.join(who, list(fix.groups)))
  if (fix.leaves) parts.push(texts.leave(who, list(fix.leaves)))
  for (const [subject, n] of countBySubject(fix.lifts ?? [])) parts.push(texts.lift(n, name(subject, who, user)))
  if (fix.kind === 'grant' && fix.subject && fix.permissions) {
    const { name: group, isGroup } = subjectName(fix.subject)
    parts.push(isGroup ? texts.grantGroup(fix.permissions.length, group) : texts.grant(fix.permissions.length, who))
  }
  const sentence = list(parts)
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function countBySubject(rules: Schemas['ChangedRule'][]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { subject } of rules) counts.set(subject, (counts.get(subject) ?? 0) + 1)
  return counts
}

const name = (subject: string, who: string, user: string) => (subject === user ? who : subjectName(subject).name)

interface Props {
  fix: Fix
  who: string
  user: string
  first: boolean
  reviewText?: string
  note?: string // what it can't do
  onReview?: (fix: Fix) => void
}

/** FixItem is one way to mend it, with everything else that it does. */
export function FixItem({ fix, who, user, first, reviewText = texts.review, note, onReview }: Props) {
  const title = useFixTitle(fix, who, user)
  const toAdministrators = fix.groups?.includes('Administrators')
  const quiet = !fix.also_gives_count && !fix.also_takes_count && !fix.also_reaches_count && !fix.restriction_count
  return (
    <li className={style.fix}>
      <div className={style.fixHead}>
        <h3>{title}</h3>
        {fix.allowed && (
          <Button look={first ? 'primary' : 'plain'} aria-label={`${reviewText} ${title}`} disabled={!onReview} onClick={() => onReview?.(fix)}>
            {reviewText}
          </Button>
        )}
      </div>
      <p className={style.effects}>
        {first && <Badge tone="accent">{texts.suggested}</Badge>}
        {quiet && <Badge tone="good">{texts.nothingElse}</Badge>}
        {fix.also_gives_count > 0 && <Badge tone="warn">{texts.alsoGives(fix.also_gives_count)}</Badge>}
        {fix.also_reaches_count > 0 && <Badge tone="warn">{texts.alsoReaches(fix.also_reaches_count)}</Badge>}
        {!!fix.also_takes_count && <Badge tone="bad">{texts.alsoTakes(fix.also_takes_count)}</Badge>}
        {!!fix.restriction_count && <Badge tone="bad">{texts.restrictions(fix.restriction_count)}</Badge>}
      </p>
      {note && <p className={style.quiet}>{note}</p>}
      {toAdministrators && <p>{texts.administrators}</p>}
      {!fix.allowed && <Lacks lacks={fix.lacks ?? []} count={fix.lacks_count} />}
      <details>
        <summary>
          {texts.details}
          <span className={style.hidden}>: {title}</span>
        </summary>
        <dl className={style.details}>
          <Part title={texts.grants} items={fix.kind === 'grant' ? fix.permissions : undefined} />
          <Part title={texts.lifts} items={fix.lifts?.map((rule) => rule.pattern ?? '')} />
          <Part title={texts.gives} items={fix.also_gives} count={fix.also_gives_count} />
          <Part title={texts.takes} items={fix.also_takes} count={fix.also_takes_count} />
          <Part title={texts.brings} items={fix.restrictions} count={fix.restriction_count} />
          <Part title={texts.reaches} items={fix.also_reaches} count={fix.also_reaches_count} plain />
        </dl>
      </details>
    </li>
  )
}

function Lacks({ lacks, count }: { lacks: string[]; count?: number }) {
  const entries = useEntries()
  if (lacks.includes('*:*')) return <p className={style.cannot}>{texts.cantApplyAdmins}</p>
  return (
    <div className={style.cannot}>
      <p>{texts.cantApply}</p>
      <ul>
        {lacks.map((permission) => (
          <li key={permission}>
            {entries.get(permission)?.label} <Code>{permission}</Code>
          </li>
        ))}
        <More count={count} listed={lacks.length} />
      </ul>
    </div>
  )
}

function Part({ title, items = [], count = items.length, plain = false }: { title: string; items?: string[]; count?: number; plain?: boolean }) {
  const entries = useEntries()
  if (items.length === 0) return null
  const item = (text: string): ReactNode => (plain ? text : <>{entries.get(text)?.label} <Code>{text}</Code></>)
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <ul>
          {items.map((text) => (
            <li key={text}>{item(text)}</li>
          ))}
          {count > items.length && <li>{texts.more(count - items.length)}</li>}
        </ul>
      </dd>
    </div>
  )
}
