import { useEffect, useRef, type ReactNode } from 'react'
import style from './page.module.css'
import { texts } from './text'

interface Props {
  title: string
  heading?: ReactNode // where the heading shows more than the title
  lead?: ReactNode
  back?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** Page is a screen. It names the document, and takes the focus when the address changes, so that screen readers begin there. */
export function Page({ title, heading, lead, back, actions, children }: Props) {
  const element = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Rightful`
  }, [title])
  useEffect(() => {
    if (navigated) element.current?.focus({ preventScroll: true })
    navigated = true
  }, [])
  return (
    <>
      {back && <p className={style.back}>{back}</p>}
      <header className={style.head}>
        <div>
          <h1 ref={element} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {lead && <p className={style.lead}>{lead}</p>}
        </div>
        {actions && <div className={style.actions}>{actions}</div>}
      </header>
      {children}
    </>
  )
}

let navigated = false // the first screen leaves the focus where the browser puts it

export function Loading() {
  return (
    <p role="status" className={style.loading}>
      {texts.loading}
    </p>
  )
}

/** Empty says why there is nothing, and what to do first. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className={style.empty}>{children}</div>
}

export function Card({ title, aside, children, flush = false }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={style.card}>
      {title && (
        <header className={style.cardHead}>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      <div className={flush ? undefined : style.cardBody}>{children}</div>
    </section>
  )
}
