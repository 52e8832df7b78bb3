import type { ReactNode } from 'react'
import { Button } from '../../ui/button'
import { inputClass, Search } from '../../ui/field'
import style from './permissions.module.css'
import { texts } from './text'

export const shows = ['all', 'held', 'restricted', 'changed'] as const
export type Show = (typeof shows)[number]

interface Props {
  typed: string
  onType: (text: string) => void
  show: Show
  onShow: (show: Show) => void
  found: number | undefined
  selectable: number // how many of those found a tick would add
  onSelect: () => void
  children: ReactNode
}

/** Toolbar narrows the catalog. It says how many permissions "select" would add before it does so. */
export function Toolbar({ typed, onType, show, onShow, found, selectable, onSelect, children }: Props) {
  return (
    <div className={style.toolbar}>
      <Search label={texts.search} value={typed} onChange={onType} />
      <label className={style.show}>
        {texts.show}
        <select className={inputClass} value={show} onChange={(event) => onShow(event.target.value as Show)}>
          {shows.map((s) => (
            <option key={s} value={s}>
              {texts.shows[s]}
            </option>
          ))}
        </select>
      </label>
      <p role="status" className={style.found}>
        {found !== undefined && texts.found(found)}
      </p>
      {selectable > 0 && <Button onClick={onSelect}>{texts.selectFound(selectable)}</Button>}
      {children}
    </div>
  )
}
