import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Field, inputClass } from './field'
import style from './combobox.module.css'
import { texts } from './text'

export interface Option {
  id: string
  label: string
  detail?: ReactNode
}

interface Props {
  label: string
  hint?: ReactNode
  value: string
  onInput: (text: string) => void // what was typed: the options follow it
  options: Option[]
  loading?: boolean
  onChoose: (option: Option) => void
  onSubmitText?: (text: string) => void // Enter without a highlighted option
}

/** Combobox is a text field with suggestions, after the pattern "editable combobox with list" of the ARIA Authoring Practices. */
export function Combobox({ label, hint, value, onInput, options, loading = false, onChoose, onSubmitText }: Props) {
  const listId = useId()
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => setActive(-1), [options])
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' })
  }, [active])

  function choose(option: Option) {
    setOpen(false)
    onChoose(option)
  }

  function pressed(event: React.KeyboardEvent) {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault()
        setOpen(true)
        const step = event.key === 'ArrowDown' ? 1 : -1
        if (options.length > 0) setActive((at) => (at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length)
        break
      }
      case 'Enter': {
        const option = open ? options[active] : undefined
        if (option) {
          event.preventDefault()
          choose(option)
        } else if (onSubmitText) {
          event.preventDefault()
          setOpen(false)
          onSubmitText(value)
        }
        break
      }
      case 'Escape':
        if (open) {
          event.preventDefault()
          event.stopPropagation()
          setOpen(false)
        }
    }
  }

  const shown = open && value !== ''
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <div className={style.around}>
          <input
            {...ids}
            type="text"
            role="combobox"
            className={inputClass}
            autoComplete="off"
            spellCheck={false}
            aria-autocomplete="list"
            aria-expanded={shown}
            aria-controls={listId}
            aria-activedescendant={shown && active >= 0 ? `${listId}-${active}` : undefined}
            value={value}
            onChange={(event) => {
              onInput(event.target.value)
              setOpen(true)
            }}
            onKeyDown={pressed}
            onBlur={() => setOpen(false)}
          />
          <ul ref={list} id={listId} role="listbox" aria-label={label} className={style.list} hidden={!shown || options.length === 0}>
            {options.map((option, i) => (
              <li
                key={option.id}
                id={`${listId}-${i}`}
                role="option"
                aria-selected={i === active}
                className={style.option}
                onPointerDown={(event) => event.preventDefault()} // the field keeps the focus
                onClick={() => choose(option)}
              >
                <span>{option.label}</span>
                {option.detail && <span className={style.detail}>{option.detail}</span>}
              </li>
            ))}
          </ul>
          <p role="status" className={options.length === 0 ? style.status : style.count}>
            {shown && !loading ? (options.length === 0 ? texts.noMatch : texts.matches(options.length)) : ''}
          </p>
        </div>
      )}
    </Field>
  )
}
