import { useId } from 'react'
import type { Mode } from './requests'
import { texts } from './text'
import style from './transfer.module.css'

/** ModeChoice is whether a file is added, or replaces what there is. */
export function ModeChoice({ mode, onChange, replaces }: { mode: Mode; onChange: (mode: Mode) => void; replaces: boolean }) {
  const id = useId()
  const option = (value: Mode, name: string, hint: string, disabled = false) => (
    <div className={style.mode}>
      <input type="radio" id={id + value} name={id} checked={mode === value} disabled={disabled} aria-describedby={id + value + 'told'} onChange={() => onChange(value)} />
      <div>
        <label htmlFor={id + value}>{name}</label>
        <p id={id + value + 'told'} className={style.quiet}>
          {hint}
        </p>
      </div>
    </div>
  )
  return (
    <fieldset className={style.modes}>
      <legend>{texts.mode}</legend>
      {option('merge', texts.merge, texts.mergeHint)}
      {option('replace', texts.replace, replaces ? texts.replaceHint : texts.replaceNotYours, !replaces)}
    </fieldset>
  )
}
