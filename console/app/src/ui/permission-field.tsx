import { useMemo, useState } from 'react'
import { useCatalog } from '../api/queries'
import { matching } from '../lib/catalog'
import { Combobox } from './combobox'
import { texts } from './text'

const mostOptions = 30

interface Props {
  label: string
  hint?: string
  taken?: readonly string[] // not offered again
  patterns?: boolean // wildcards may be typed as well
  onChoose: (permission: string) => void
}

/** PermissionField finds a permission of the catalog by its label, category or code. A code can also be typed as it is. */
export function PermissionField({ label, hint, taken = [], patterns = false, onChoose }: Props) {
  const catalog = useCatalog()
  const [text, setText] = useState('')
  const typed = text.trim()
  const options = useMemo(() => {
    if (!typed) return []
    const matches = matching(typed)
    const found = (catalog.data ?? []).filter((entry) => !taken.includes(entry.permission) && matches([...entry.category, entry.label, entry.permission].join(' ')))
    const options = found.slice(0, mostOptions).map((entry) => ({ id: entry.permission, label: entry.label, detail: <code>{entry.permission}</code> }))
    const exact = found.some((entry) => entry.permission === typed) || taken.includes(typed)
    const isCode = /^\S+:\S+$/.test(typed) && (patterns || !typed.includes('*'))
    return isCode && !exact ? [...options, { id: typed, label: typed, detail: <>{texts.asTyped}</> }] : options
  }, [typed, catalog.data, taken, patterns])
  return (
    <Combobox
      label={label}
      hint={hint}
      value={text}
      onInput={setText}
      options={options}
      loading={catalog.isPending}
      onChoose={(option) => {
        setText('')
        onChoose(option.id)
      }}
      onSubmitText={() => {
        if (options.length !== 1 || !options[0]) return
        setText('')
        onChoose(options[0].id)
      }}
    />
  )
}
