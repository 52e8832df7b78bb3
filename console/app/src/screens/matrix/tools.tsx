import { useState } from 'react'
import { replace, to } from '../../lib/route'
import { Button } from '../../ui/button'
import { CheckField } from '../../ui/checkbox'
import { Search } from '../../ui/field'
import { ChooseGroups } from './choose-groups'
import style from './matrix.module.css'
import { texts } from './text'

/** View is what of the matrix is shown. It stands in the address. */
export interface View {
  q: string
  different: boolean
  groups: string[] // none is all
  group: string // the one that a narrow page shows
}

export function readView(query: URLSearchParams): View {
  return {
    q: query.get('q') ?? '',
    different: query.get('different') === '1',
    groups: (query.get('groups') ?? '').split(',').filter(Boolean), // names have no commas
    group: query.get('group') ?? '',
  }
}

export function show(view: View) {
  const { q, different, groups, group } = view
  replace(to(['matrix'], { q, different: different ? '1' : undefined, groups: groups.join(','), group }))
}

export function Tools({ view, groups, found }: { view: View; groups: string[]; found: number }) {
  const [choosing, setChoosing] = useState(false)
  return (
    <div className={style.tools}>
      <Search label={texts.search} value={view.q} onChange={(q) => show({ ...view, q })} />
      <Button onClick={() => setChoosing(true)}>{view.groups.length === 0 ? texts.allGroups(groups.length) : texts.someGroups(view.groups.length, groups.length)}</Button>
      <CheckField label={texts.different} checked={view.different} onChange={(different) => show({ ...view, different })} />
      <p role="status" className={style.found}>
        {view.q || view.different ? texts.found(found) : ''}
      </p>
      {choosing && <ChooseGroups groups={groups} chosen={view.groups} onChange={(chosen) => show({ ...view, groups: chosen })} onClose={() => setChoosing(false)} />}
    </div>
  )
}
