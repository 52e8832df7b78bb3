import { useMemo } from 'react'
import { useAllRules, useCatalog } from '../../api/queries'
import { go, replace, to, useRoute } from '../../lib/route'
import { Button } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { Field, inputClass } from '../../ui/field'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { compare } from './compare'
import { Comparison } from './comparison'
import style from './groups.module.css'
import { texts } from './text'

/** Two groups beside each other: what only one of them holds, and how. */
export default function CompareGroups() {
  const { query } = useRoute()
  const [a, b, same] = [query.get('a') ?? '', query.get('b') ?? '', query.get('same') ?? '']
  const rules = useAllRules()
  const catalog = useCatalog()
  const error = rules.error ?? catalog.error
  const names = rules.data?.map((item) => item.group) ?? []
  const known = names.includes(a) && names.includes(b)
  const result = useMemo(() => (known && rules.data && catalog.data ? compare(a, b, rules.data, catalog.data) : undefined), [a, b, known, rules.data, catalog.data])
  const show = (next: { a?: string; b?: string; same?: string }) => to(['compare-groups'], { a, b, same, ...next })
  return (
    <Page title={texts.compareTitle} back={<a href={to(['groups'])}>{texts.title}</a>}>
      {error && <ProblemBox error={error} onRetry={() => void (rules.error ? rules : catalog).refetch()} />}
      {!error && !(rules.data && catalog.data) && <Loading />}
      {rules.data && catalog.data && (
        <>
          <div className={style.pair}>
            <Choice label={texts.first} names={names} value={a} onChange={(name) => go(show({ a: name }))} />
            <Choice label={texts.second} names={names} value={b} onChange={(name) => go(show({ b: name }))} />
            <Button onClick={() => go(show({ a: b, b: a }))}>{texts.swap}</Button>
          </div>
          {!result && <Empty>{texts.chooseTwo}</Empty>}
          {result && (
            <>
              <label className={style.check}>
                <Checkbox checked={same !== ''} onChange={(event) => replace(show({ same: event.target.checked ? '1' : '' }))} />
                {texts.showSame}
              </label>
              <Comparison a={a} b={b} result={result} showSame={same !== ''} />
            </>
          )}
        </>
      )}
    </Page>
  )
}

function Choice({ label, names, value, onChange }: { label: string; names: string[]; value: string; onChange: (name: string) => void }) {
  return (
    <Field label={label}>
      {(ids) => (
        <select {...ids} className={inputClass} value={names.includes(value) ? value : ''} onChange={(event) => onChange(event.target.value)}>
          <option value="" disabled>
            {texts.choose}
          </option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </Field>
  )
}
