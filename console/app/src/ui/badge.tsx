import type { ReactNode } from 'react'
import style from './badge.module.css'
import { classes } from './classes'

export type Tone = 'neutral' | 'good' | 'bad' | 'warn' | 'accent'

/** Badge is a word or two beside a name. */
export function Badge({ tone = 'neutral', title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={classes(style.badge, style[tone])} title={title}>
      {children}
    </span>
  )
}

/** Code shows a permission or pattern as it is written in a rule. */
export function Code({ tone, children }: { tone?: Tone; children: ReactNode }) {
  return <code className={classes(style.code, tone && style.badge, tone && style[tone])}>{children}</code>
}
