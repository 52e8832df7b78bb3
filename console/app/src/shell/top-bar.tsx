import { useStatus } from '../api/queries'
import { host } from '../lib/session'
import { to } from '../lib/route'
import { Badge } from '../ui/badge'
import { places } from './places'
import { useMyRights } from './rights'
import { texts } from './text'
import { ThemeChoice } from './theme'
import style from './top-bar.module.css'

export function TopBar({ place }: { place: string }) {
  const rights = useMyRights()
  const status = useStatus()
  return (
    <header className={style.bar}>
      <a className={style.brand} href={to(['groups'])}>
        <Mark />
        Rightful
      </a>
      <nav className={style.places} aria-label={texts.sections}>
        {places.filter((p) => p.shown(rights)).map((p) => (
          <a key={p.id} href={to([p.id])} aria-current={p.id === place ? 'page' : undefined}>
            {p.text}
          </a>
        ))}
      </nav>
      <div className={style.end}>
        {status.data && <Badge title={texts.revisionHint}>{texts.revision(status.data.revision)}</Badge>}
        <ThemeChoice />
        {rights.user && <span className={style.user}>{rights.user}</span>}
        {host.home && <a href={host.home}>{texts.home}</a>}
      </div>
    </header>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M9 16.5l4.6 4.6L23 11.6" fill="none" stroke="var(--on-accent)" strokeWidth="3.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
