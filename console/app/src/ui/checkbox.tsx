import { useEffect, useId, useRef, type InputHTMLAttributes } from 'react'
import style from './checkbox.module.css'

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  mixed?: boolean // some of what it stands for is ticked
}

export function Checkbox({ mixed = false, ...rest }: Props) {
  const element = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (element.current) element.current.indeterminate = mixed
  }, [mixed])
  return <input {...rest} ref={element} type="checkbox" className={style.box} />
}

/** CheckField is a box with its label, and a hint below. */
export function CheckField({ label, hint, checked, onChange }: { label: string; hint?: string; checked: boolean; onChange: (checked: boolean) => void }) {
  const id = useId()
  return (
    <div className={style.field}>
      <Checkbox id={id} checked={checked} aria-describedby={hint ? id + 'told' : undefined} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <span id={id + 'told'} className={style.hint}>
          {hint}
        </span>
      )}
    </div>
  )
}
