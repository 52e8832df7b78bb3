import { useEffect, useRef, type ReactNode, type RefObject } from 'react'
import { classes } from '../../ui/classes'
import style from './transfer.module.css'

interface Props {
  text: string
  wrong: number[]
  area: RefObject<HTMLTextAreaElement | null>
  children: ReactNode // the text area
}

/** Numbered shows the numbers of lines beside a text area, which scroll with it. Screen readers hear them in the errors. */
export function Numbered({ text, wrong, area, children }: Props) {
  const gutter = useRef<HTMLDivElement>(null)
  const count = text.split('\n').length
  useEffect(() => {
    const follow = () => {
      if (gutter.current && area.current) gutter.current.style.translate = `0 ${-area.current.scrollTop}px`
    }
    const element = area.current
    element?.addEventListener('scroll', follow)
    return () => element?.removeEventListener('scroll', follow)
  }, [area])
  return (
    <div className={style.numbered}>
      <div className={style.gutter} aria-hidden="true">
        <div ref={gutter}>
          {Array.from({ length: count }, (_, i) => (
            <div key={i} className={classes(wrong.includes(i + 1) && style.wrongLine)}>
              {i + 1}
            </div>
          ))}
        </div>
      </div>
      {children}
    </div>
  )
}
