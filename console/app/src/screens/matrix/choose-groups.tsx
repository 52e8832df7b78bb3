import { useState } from 'react'
import { matching } from '../../lib/catalog'
import { Button } from '../../ui/button'
import { CheckField } from '../../ui/checkbox'
import { Dialog } from '../../ui/dialog'
import { Search } from '../../ui/field'
import style from './matrix.module.css'
import { texts } from './text'

interface Props {
  groups: string[]
  chosen: string[] // none is all
  onChange: (chosen: string[]) => void
  onClose: () => void
}

/** ChooseGroups chooses the columns. The matrix behind it follows at once. */
export function ChooseGroups({ groups, chosen, onChange, onClose }: Props) {
  const [q, setQ] = useState('')
  const shown = groups.filter(matching(q))
  const set = (group: string, on: boolean) => onChange(groups.filter((other) => (other === group ? on : chosen.includes(other))))
  return (
    <Dialog
      title={texts.chooseGroups}
      onClose={onClose}
      actions={
        <>
          <Button onClick={() => onChange([])}>{texts.showAll}</Button>
          <Button look="primary" onClick={onClose}>
            {texts.done}
          </Button>
        </>
      }
    >
      <p>{texts.chooseHint}</p>
      <Search label={texts.searchGroups} value={q} onChange={setQ} />
      <ul className={style.choice}>
        {shown.map((group) => (
          <li key={group}>
            <CheckField label={group} checked={chosen.includes(group)} onChange={(on) => set(group, on)} />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p>{texts.noGroup}</p>}
    </Dialog>
  )
}
