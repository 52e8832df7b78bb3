import { useEffect, useState } from 'react'
import style from './theme.module.css'
import { texts } from './text'

const key = 'rightful.theme'
const kinds = ['auto', 'light', 'dark'] as const
type Kind = (typeof kinds)[number]

/** Light, dark, or what the system prefers. The choice is kept in the browser. */
export function ThemeChoice() {
  const [kind, setKind] = useState<Kind>(() => kinds.find((k) => k === localStorage.getItem(key)) ?? 'auto')
  useEffect(() => {
    if (kind === 'auto') {
      delete document.documentElement.dataset.theme
      localStorage.removeItem(key)
    } else {
      document.documentElement.dataset.theme = kind
      localStorage.setItem(key, kind)
    }
  }, [kind])
  return (
    <select aria-label={texts.theme} className={style.choice} value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
      {kinds.map((k) => (
        <option key={k} value={k}>
          {texts.themes[k]}
        </option>
      ))}
    </select>
  )
}
