import { useMemo, useState } from 'react'
import { useAllRules, useGroups } from '../../api/queries'
import { matching, type Entry } from '../../lib/catalog'
import { Badge } from '../../ui/badge'
import { Combobox } from '../../ui/combobox'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { GroupName } from '../../ui/user-name'
import style from './group.module.css'
import { sources } from './held'
import { InheritedGroup } from './inherited-group'
import { texts } from './text'
import type { Edit, Group } from './use-group-draft'

interface Props {
  group: Group
  inherits: string[] // with the draft
  catalog: Entry[]
  may: boolean
  change: Edit
}

/** Inheritance chooses the groups that this one inherits, and shows what each brings before it is saved. */
export function Inheritance({ group, inherits, catalog, may, change }: Props) {
  const rules = useAllRules()
  const [text, setText] = useState('')
  const [refused, setRefused] = useState('')
  const set = (next: string[]) => change((d) => ({ ...d, inherits: next }))
  const shown = [...new Set([...group.inherits, ...inherits])]
  const by = rules.data?.filter((item) => item.inherits.includes(group.name)).map((item) => item.group) ?? []

  function choose(name: string) {
    setText('')
    setRefused('')
    if (inherits.includes(name)) setRefused(texts.already(name))
    else if (name === group.name || sources(name, rules.data?.find((item) => item.group === name)?.inherits ?? [], rules.data ?? []).some((source) => source.group === group.name)) {
      setRefused(texts.cycle(name, group.name))
    } else set([...inherits, name])
  }

  if (rules.error) return <ProblemBox error={rules.error} onRetry={() => void rules.refetch()} />
  if (!rules.data) return <Loading />
  return (
    <div className={style.columns}>
      <Card title={texts.inherits(group.name)}>
        <p className={style.quiet}>{shown.length > 0 ? texts.inheritsLead : texts.inheritsNothing}</p>
        {shown.length > 0 && (
          <ul className={style.list}>
            {shown.map((name) => (
              <InheritedGroup
                key={name}
                name={name}
                heir={group.name}
                rules={rules.data}
                inherits={inherits}
                was={group.inherits.includes(name)}
                catalog={catalog}
                onToggle={may ? (on) => set(on ? [...inherits, name] : inherits.filter((other) => other !== name)) : undefined}
              />
            ))}
          </ul>
        )}
        {may && <GroupField text={text} onInput={setText} refused={refused} taken={[group.name, ...inherits]} onChoose={choose} />}
      </Card>
      <Card title={texts.inheritedBy}>
        <p className={style.quiet}>{by.length > 0 ? texts.inheritedByLead : texts.inheritedByNone}</p>
        {by.length > 0 && (
          <ul className={style.list}>
            {by.map((name) => (
              <li key={name}>
                <GroupName name={name} />
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  )
}

interface FieldProps {
  text: string
  onInput: (text: string) => void
  refused: string
  taken: string[]
  onChoose: (group: string) => void
}

function GroupField({ text, onInput, refused, taken, onChoose }: FieldProps) {
  const groups = useGroups()
  const options = useMemo(() => {
    const matches = matching(text)
    return (groups.data ?? [])
      .filter((item) => !item.protected && !taken.includes(item.name) && matches(`${item.name} ${item.description}`))
      .map((item) => ({ id: item.name, label: item.name, detail: item.description }))
  }, [groups.data, text, taken])
  return (
    <Combobox
      label={texts.inherit}
      hint={refused ? <Badge tone="bad">{refused}</Badge> : texts.inheritHint}
      value={text}
      onInput={onInput}
      options={options}
      loading={groups.isPending}
      onChoose={(option) => onChoose(option.id)}
      onSubmitText={() => options.length === 1 && options[0] && onChoose(options[0].id)}
    />
  )
}
