import { useEffect, useId, useRef, useState } from 'react'
import { useGroups } from '../../api/queries'
import { narrow, useMedia } from '../../lib/media'
import { useLater } from '../../lib/later'
import { replace, to } from '../../lib/route'
import { Button } from '../../ui/button'
import { Field, inputClass } from '../../ui/field'
import style from './changes.module.css'
import { texts } from './text'

/** Filters are the values of the address, as they are written there. */
export interface Filters {
  group: string
  user: string
  actor: string
  since: string // a day, such as 2026-03-01
  until: string // the last day that counts
}

const names = ['group', 'user', 'actor', 'since', 'until'] as const

const noFilters: Filters = { group: '', user: '', actor: '', since: '', until: '' }

export function readFilters(query: URLSearchParams): Filters {
  const value = (name: string) => query.get(name)?.trim() ?? ''
  return { group: value('group'), user: value('user'), actor: value('actor'), since: day(value('since')), until: day(value('until')) }
}

const day = (value: string) => (Number.isNaN(Date.parse(value)) ? '' : value)

export const isFiltered = (filters: Filters) => names.some((name) => filters[name] !== '')

/** AsQuery says the filters in the words of the API: days are those of the reader, and the last one counts whole. */
export function asQuery({ group, user, actor, since, until }: Filters) {
  const midnight = (day: string, later = 0) => {
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
    return new Date(year, month - 1, date + later).toISOString()
  }
  return {
    group: group || undefined,
    user: user || undefined,
    actor: actor || undefined,
    since: since ? midnight(since) : undefined,
    until: until ? midnight(until, 1) : undefined,
  }
}

/** FilterForm changes the address, and so the list, while someone types. */
export function FilterForm({ filters }: { filters: Filters }) {
  const groups = useGroups()
  const listId = useId()
  const isNarrow = useMedia(narrow)
  const [values, setValues] = useState(filters)
  const [unfolded, setUnfolded] = useState(isFiltered(filters))
  const shown = useRef(filters)
  const show = useLater((next: Filters) => {
    shown.current = next
    replace(to(['changes'], { ...next }))
  })
  // A link leads to other filters than those that were typed.
  useEffect(() => {
    if (names.every((name) => filters[name] === shown.current[name].trim())) return
    shown.current = filters
    setValues(filters)
  }, [filters])
  function change(next: Filters) {
    setValues(next)
    show(next)
  }
  const input = (name: keyof Filters, label: string, type = 'text') => (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          type={type}
          className={inputClass}
          list={name === 'group' ? listId : undefined}
          autoComplete="off"
          value={values[name]}
          onChange={(event) => change({ ...values, [name]: event.target.value })}
        />
      )}
    </Field>
  )
  const fields = (
    <form role="search" aria-label={texts.filters} className={style.filters} onSubmit={(event) => event.preventDefault()}>
      {input('group', texts.group)}
      <datalist id={listId}>
        {groups.data?.map((group) => <option key={group.name} value={group.name} />)}
      </datalist>
      {input('user', texts.user)}
      {input('actor', texts.actor)}
      {input('since', texts.since, 'date')}
      {input('until', texts.until, 'date')}
      {isFiltered(values) && (
        <Button className={style.clear} onClick={() => change(noFilters)}>
          {texts.clear}
        </Button>
      )}
    </form>
  )
  if (!isNarrow) return fields
  return (
    <details className={style.folded} open={unfolded} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>{texts.filters}</summary>
      {fields}
    </details>
  )
}
