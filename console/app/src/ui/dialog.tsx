import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { Button } from './button'
import style from './dialog.module.css'
import { texts } from './text'

interface Props {
  title: string
  children: ReactNode
  actions?: ReactNode // at the bottom, the primary one last
  onClose: () => void
  busy?: boolean // it can't be closed while something is being saved
}

/** Dialog is modal. It closes with Escape and the button in its corner, and gives the focus back. */
export function Dialog({ title, children, actions, onClose, busy = false }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  const heading = useId()
  // A dialog that is removed while it is open doesn't give the focus back; so it is closed first.
  useLayoutEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={element}
      className={style.dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        if (!busy) onClose()
      }}
    >
      <header className={style.head}>
        <h2 id={heading} tabIndex={-1}>
          {title}
        </h2>
        <Button look="quiet" aria-label={texts.close} onClick={onClose} disabled={busy}>
          <span aria-hidden="true">✕</span>
        </Button>
      </header>
      <div className={style.body}>{children}</div>
      {actions && <footer className={style.actions}>{actions}</footer>}
    </dialog>
  )
}
