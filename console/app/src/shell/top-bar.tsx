import { useStatus } from '../api/queries'
import { areOff, useMyRequests, useOpenCount } from '../api/requests'
import { number } from '../lib/format'
import { host } from '../lib/session'
import { to } from '../lib/route'
import { Badge } from '../ui/badge'
import { placeOf, places, seesUsers } from './places'
import { useMyRights, type MyRights } from './rights'
import { texts } from './text'
import { ThemeChoice } from './theme'
import style from './top-bar.module.css'

export function TopBar({ screen }: { screen: string }) {
  const rights = useMyRights()
  const place = placeOf(screen, rights)
  const requests = useRequests(rights)
  const status = useStatus()
  return (
    <header className={style.bar}>
      <a className={style.brand} href={to(['groups'])}>
        <Mark />
        Rightful
      </a>
      <nav className={style.places} aria-label={texts.sections}>
        {places.filter((p) => p.shown(rights) && (requests.on || !p.screens.includes('my-requests'))).map((p) => (
          <a key={p.id} href={to([p.id])} aria-current={p.id === place ? 'page' : undefined}>
            {p.text}
            {p.id === 'requests' && !!requests.open && <Badge tone="accent" title={texts.openRequests(requests.open)}>{number(requests.open)}</Badge>}
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

/** UseRequests says whether the host takes requests for access, and to those who may see them how many are open. */
function useRequests(rights: MyRights): { on: boolean; open?: number } {
  const sees = seesUsers(rights)
  const open = useOpenCount(sees)
  const mine = useMyRequests(rights.user !== '' && !sees)
  return { on: !areOff(open.error ?? mine.error), open: open.data }
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M9 16.5l4.6 4.6L23 11.6" fill="none" stroke="var(--on-accent)" strokeWidth="3.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
