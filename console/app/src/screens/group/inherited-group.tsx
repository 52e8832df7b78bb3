import type { RulesOfGroup } from '../../api/queries'
import type { Entry } from '../../lib/catalog'
import { list } from '../../lib/format'
import { Matcher } from '../../lib/patterns'
import { Badge, Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { GroupName } from '../../ui/user-name'
import style from './group.module.css'
import { inheritedStatus, sources } from './held'
import { texts } from './text'

interface Props {
  name: string
  heir: string
  rules: RulesOfGroup[]
  inherits: string[] // with the draft
  was: boolean // before the draft
  catalog: Entry[]
  onToggle?: (on: boolean) => void
}

/** InheritedGroup is a group that is inherited, with what comes by it alone. */
export function InheritedGroup({ name, heir, rules, inherits, was, catalog, onToggle }: Props) {
  const on = inherits.includes(name)
  const through = sources(name, rules.find((item) => item.group === name)?.inherits ?? [], rules).map((source) => source.group)
  const brought = bring(name, heir, rules, inherits, catalog)
  return (
    <li>
      <div>
        <span className={on ? undefined : style.gone}>
          <GroupName name={name} />
        </span>{' '}
        {on && !was && <Badge tone="good">{texts.added}</Badge>}
        {!on && <Badge tone="bad">{texts.removed}</Badge>}
        <p className={style.quiet}>
          {through.length > 0 && <>{texts.through(list(through))} · </>}
          {on ? texts.brings(brought.granted.length) : texts.takes(brought.granted.length)}
          {brought.restricted.length > 0 && <> · {texts.restricts(brought.restricted.length)}</>}
        </p>
        {brought.granted.length + brought.restricted.length > 0 && (
          <details>
            <summary>{texts.permissions}</summary>
            <ul className={style.codes}>
              {brought.granted.map((entry) => (
                <li key={entry.permission}>
                  {entry.label} <Code>{entry.permission}</Code>
                </li>
              ))}
              {brought.restricted.map((entry) => (
                <li key={entry.permission}>
                  {entry.label} <Code>{entry.permission}</Code> <Badge tone="bad">{texts.restricted}</Badge>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
      {onToggle && (
        <Button look="quiet" aria-label={on ? `${texts.remove}: ${texts.stopInherit(name)}` : texts.undoOf(name)} onClick={() => onToggle(!on)}>
          {on ? texts.remove : texts.undo}
        </Button>
      )}
    </li>
  )
}

/** Bring lists what the group brings that its heir wouldn't have without it. */
function bring(name: string, heir: string, rules: RulesOfGroup[], inherits: string[], catalog: Entry[]) {
  const own = rules.find((item) => item.group === heir)
  const grants = new Matcher(own?.grants ?? [])
  const restrictions = new Matcher(own?.restrictions ?? [])
  const others = sources(heir, inherits.filter((other) => other !== name), rules)
  const these = sources(heir, [name], rules)
  const granted: Entry[] = []
  const restricted: Entry[] = []
  for (const entry of catalog) {
    const without = inheritedStatus(entry.permission, others)
    const by = inheritedStatus(entry.permission, these)
    if (by.from && !without.from && !grants.find(entry.permission)) granted.push(entry)
    if (by.restrictedFrom && !without.restrictedFrom && !restrictions.find(entry.permission)) restricted.push(entry)
  }
  return { granted, restricted }
}
