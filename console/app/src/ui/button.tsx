import type { ButtonHTMLAttributes } from 'react'
import style from './button.module.css'
import { classes } from './classes'

type Look = 'plain' | 'primary' | 'danger' | 'quiet'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  busy?: boolean // the action is in progress: the button can't be pressed again, and says so
}

export function Button({ look = 'plain', busy = false, className, type = 'button', onClick, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      // A button that is busy keeps the focus, which it would lose if it were disabled.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classes(style.button, style[look], className)}
    />
  )
}

/** LinkButton is a link that looks like a button. */
export function LinkButton({ look = 'plain', className, ...rest }: React.AnchorHTMLAttributes<HTMLAnchorElement> & { look?: Look }) {
  return <a {...rest} className={classes(style.button, style[look], className)} />
}
