import { useId, type InputHTMLAttributes, type ReactNode } from 'react'
import style from './field.module.css'
import { classes } from './classes'

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode
}

/** Field is a label above a control, with a hint or what is wrong with the value below it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId()
  const told = error ?? hint
  return (
    <div className={style.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': told ? id + 'told' : undefined, 'aria-invalid': error ? true : undefined })}
      {told && (
        <p id={id + 'told'} className={classes(style.hint, !!error && style.error)}>
          {told}
        </p>
      )}
    </div>
  )
}

interface TextProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  hint?: ReactNode
  error?: string
}

export function TextField({ label, hint, error, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => <input type="text" {...rest} {...ids} className={style.input} />}
    </Field>
  )
}

/** Search filters what is below it. Its label is there for screen readers. */
export function Search({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={label}
      className={classes(style.input, style.search)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

export const inputClass = style.input
