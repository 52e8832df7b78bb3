import { useState } from 'react'
import type { Schemas } from '../../api/problem'
import { apply, edit, type Rules } from '../../lib/delta'
import { useEntries } from '../../lib/labels'
import { Badge, Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Field, inputClass } from '../../ui/field'
import { Card } from '../../ui/page'
import { PermissionField } from '../../ui/permission-field'
import { Warning } from '../../ui/warning'
import type { UserDraft } from './draft'
import { texts } from './text'
import style from './user.module.css'

type Kind = 'grant' | 'restrict'

interface Props {
  user: Schemas['User']
  draft: UserDraft
  editable: boolean
  onChange: (draft: UserDraft) => void
}

/** RulesCard lists what is granted to the user alone, and what the user is restricted from, with a field to add more. */
export function RulesCard({ user, draft, editable, onChange }: Props) {
  const before = draft.base.rules
  const after = apply(draft.rules, before)
  const set = (kind: Kind, pattern: string, on: boolean) => onChange({ ...draft, rules: edit(draft.rules, before, kind, pattern, on) })
  const rows = (kind: Kind, list: keyof Rules) =>
    [...before[list], ...after[list].filter((pattern) => !before[list].includes(pattern))].map((pattern) => (
      <RuleRow
        key={kind + pattern}
        kind={kind}
        pattern={pattern}
        before={before[list].includes(pattern)}
        after={after[list].includes(pattern)}
        onChange={editable ? (on) => set(kind, pattern, on) : undefined}
      />
    ))
  const all = [...rows('grant', 'grants'), ...rows('restrict', 'restrictions')]
  const { grants, restrictions, grant_count, restriction_count } = user.permissions
  const count = (grant_count ?? grants.length) + (restriction_count ?? restrictions.length)
  return (
    <Card title={texts.rules}>
      <p className={style.quiet}>{texts.rulesHint}</p>
      {user.groups.some(({ group }) => group === 'Administrators') && <Warning>{texts.rulesOfAdministrator}</Warning>}
      {all.length === 0 ? <p>{texts.noRules}</p> : <ul className={style.rows}>{all}</ul>}
      {count > grants.length + restrictions.length && <p>{texts.rulesCut(count - grants.length - restrictions.length)}</p>}
      {editable && <AddRule after={after} onAdd={(kind, pattern) => set(kind, pattern, true)} />}
    </Card>
  )
}

function RuleRow({ kind, pattern, before, after, onChange }: { kind: Kind; pattern: string; before: boolean; after: boolean; onChange?: (on: boolean) => void }) {
  const entries = useEntries()
  const entry = entries.get(pattern)
  const verb = !after || !before ? texts.undo : kind === 'grant' ? texts.revoke : texts.lift
  return (
    <li className={style.row} data-changed={!before ? 'added' : !after ? 'removed' : undefined}>
      <div className={style.what}>
        <p>
          <Badge tone={kind === 'grant' ? 'good' : 'bad'}>{kind === 'grant' ? texts.may : texts.mustNot}</Badge>{' '}
          {!before && <Badge tone="accent">{texts.added}</Badge>}
          {!after && <Badge tone="accent">{texts.removed}</Badge>}
        </p>
        {entry && <p>{entry.label}</p>}
        <p>
          <Code>{pattern}</Code>{' '}
          {entries.size > 0 && !entry && !pattern.includes('*') && <Badge tone="warn">{texts.unknownRule}</Badge>}
        </p>
      </div>
      {onChange && (
        <Button look="quiet" aria-label={`${verb}: ${entry?.label ?? pattern}`} onClick={() => onChange(!after)}>
          {verb}
        </Button>
      )}
    </li>
  )
}

function AddRule({ after, onAdd }: { after: Rules; onAdd: (kind: Kind, pattern: string) => void }) {
  const [kind, setKind] = useState<Kind>('grant')
  return (
    <fieldset className={style.add}>
      <legend>{texts.add}</legend>
      <Field label={texts.kind}>
        {(ids) => (
          <select {...ids} className={inputClass} value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            <option value="grant">{texts.may}</option>
            <option value="restrict">{texts.mustNot}</option>
          </select>
        )}
      </Field>
      <PermissionField
        label={texts.permission}
        hint={texts.permissionHint}
        taken={kind === 'grant' ? after.grants : after.restrictions}
        patterns
        onChoose={(pattern) => onAdd(kind, pattern)}
      />
    </fieldset>
  )
}
