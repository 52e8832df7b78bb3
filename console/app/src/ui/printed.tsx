import type { ReactNode } from 'react'
import style from './printed.module.css'

/** PrintedPart is a part of a page for printing: its tables are close, and no row is torn apart. */
export function PrintedPart({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={style.part}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** PrintedNames stand in columns. */
export function PrintedNames({ children }: { children: ReactNode }) {
  return <ul className={style.names}>{children}</ul>
}
