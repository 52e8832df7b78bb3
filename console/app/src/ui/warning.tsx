import type { ReactNode } from 'react'
import style from './warning.module.css'

/** Warning is a sentence that nobody should miss. With role="alert", screen readers say it at once. */
export function Warning({ role, children }: { role?: 'alert'; children: ReactNode }) {
  return (
    <p className={style.warning} role={role}>
      {children}
    </p>
  )
}
