import style from './lock.module.css'

/** Lock marks what can't be changed. The reason stands in words elsewhere. */
export function Lock() {
  return (
    <svg viewBox="0 0 16 16" className={style.lock} aria-hidden="true">
      <path d="M5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <rect x="3" y="7" width="10" height="7" rx="1.5" fill="currentColor" />
    </svg>
  )
}
