import type { ReactNode } from 'react'
import style from './table.module.css'

/** Table is a list whose columns have heads. On a narrow page, cells stand below each other and say which column they are of (`data-label`). */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <table className={style.table} aria-label={label}>
      <thead>
        <tr>{head}</tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}

export const numberClass = style.number
