import type { ReactNode } from 'react'
import type { AccessRequest } from '../../api/requests'
import { ago, list, time } from '../../lib/format'
import { useEntries } from '../../lib/labels'
import { to } from '../../lib/route'
import { Badge } from '../../ui/badge'
import { PersonName } from '../../ui/user-name'
import { tones } from './state'
import style from './requests.module.css'
import { texts } from './text'

const fewLabels = 3

/** UseAsked says in a line what a request asks for, in the catalog's words. */
export function useAsked(request: AccessRequest): string {
  const entries = useEntries()
  const permissions = request.permissions
  if (!permissions) return texts.concealed
  const labels = permissions.slice(0, fewLabels).map((permission) => entries.get(permission)?.label ?? permission)
  return list(permissions.length > fewLabels ? [...labels, texts.more(permissions.length - fewLabels)] : labels)
}

/** RequestRow is a request in some lines: who asks, what for, why, since when. */
export function RequestRow({ request, own = false, children }: { request: AccessRequest; own?: boolean; children?: ReactNode }) {
  const asked = useAsked(request)
  return (
    <li className={style.row}>
      <div className={style.what}>
        {own ? (
          <p className={style.asked}>{asked}</p>
        ) : (
          <a href={to(['requests', request.id])} className={style.asked}>
            <PersonName id={request.user} name={request.display_name} /> · {asked}
          </a>
        )}
        {request.reason && <p>{texts.because(request.reason)}</p>}
        {own && <Decision request={request} />}
        {children}
      </div>
      <p className={style.when}>
        <Badge tone={tones[request.state]}>{texts.state[request.state]}</Badge>{' '}
        <time dateTime={request.created_at} title={time(request.created_at)}>
          {ago(request.created_at)}
        </time>
        {request.state === 'open' && request.until && <span> · {texts.until(time(request.until))}</span>}
      </p>
    </li>
  )
}

/** Decision says who decided a request, and why. */
export function Decision({ request }: { request: AccessRequest }) {
  const { state, decided_by: by, decided_at: at, decision, until } = request
  if (!by || !at || state === 'withdrawn') return null
  return (
    <p className={style.quiet}>
      {state === 'approved' ? texts.approvedBy(by.id, time(at), until && time(until)) : texts.declinedBy(by.id, time(at))}
      {decision && <> {texts.because(decision)}</>}
    </p>
  )
}
