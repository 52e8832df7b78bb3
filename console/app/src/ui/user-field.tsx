import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { api, data } from '../api/client'
import { policy } from '../api/queries'
import { Combobox } from './combobox'
import { texts } from './text'

interface Props {
  label: string
  hint?: string
  onChoose: (user: string, name?: string) => void
}

/** UserField finds a person by name or id. An id that nobody has yet can be typed as it is. */
export function UserField({ label, hint, onChoose }: Props) {
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const found = useQuery({
    queryKey: policy('find-users', q),
    enabled: q !== '',
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => data(await api.GET('/users', { params: { query: { q, limit: 20, nested_limit: 0 } }, signal })).items,
  })
  const isNobody = q !== '' && !found.isPending && !found.isPlaceholderData && !found.data?.some((user) => user.id === q)
  const options = useMemo(() => {
    const options = (q ? (found.data ?? []) : []).map((user) => ({
      id: user.id,
      label: user.display_name ?? user.id,
      detail: [user.display_name && user.id, !user.known && texts.notInPolicy].filter(Boolean).join(' · '),
    }))
    return isNobody ? [...options, { id: q, label: q, detail: texts.asTyped }] : options
  }, [q, found.data, isNobody])
  function choose(id: string) {
    setText('')
    onChoose(id, found.data?.find((user) => user.id === id)?.display_name)
  }
  return (
    <Combobox
      label={label}
      hint={hint}
      value={text}
      onInput={setText}
      options={options}
      loading={found.isFetching || q !== text.trim()}
      onChoose={(option) => choose(option.id)}
      onSubmitText={(typed) => typed.trim() && choose(typed.trim())}
    />
  )
}
