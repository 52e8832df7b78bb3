import { Button } from '../../ui/button'
import { TextField } from '../../ui/field'
import { Card } from '../../ui/page'
import type { Draft } from './draft'
import style from './group.module.css'
import { texts } from './text'
import type { Edit, Group } from './use-group-draft'

/** Details edits the name and the description, as a part of the draft. */
export function Details({ group, draft, change, onDone }: { group: Group; draft: Draft | undefined; change: Edit; onDone: () => void }) {
  return (
    <div className={style.details}>
      <Card title={texts.edit}>
        <TextField
          label={texts.name}
          hint={texts.nameHint}
          autoFocus
          maxLength={100}
          value={draft?.name ?? group.name}
          onChange={(event) => change((d) => ({ ...d, name: event.target.value }))}
        />
        <TextField
          label={texts.description}
          maxLength={500}
          value={draft?.description ?? group.description}
          onChange={(event) => change((d) => ({ ...d, description: event.target.value }))}
        />
        {draft?.name === undefined && draft?.description === undefined && (
          <p>
            <Button onClick={onDone}>{texts.done}</Button>
          </p>
        )}
      </Card>
    </div>
  )
}
