import type { ReactNode } from 'react'
import style from './facts.module.css'

/** Facts are names with their values, one a line, or beside each other where there is room. A fact without a value is left out. */
export function Facts({ facts, beside = false }: { facts: [name: string, value: ReactNode][]; beside?: boolean }) {
  return (
    <dl className={beside ? style.beside : style.facts}>
      {facts
        .filter(([, value]) => value !== undefined && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
