import { useEffect, useRef } from 'react'
import type { Refused } from '../../api/problem'
import { number } from '../../lib/format'
import { Button } from '../../ui/button'
import { Table } from '../../ui/table'
import { words } from '../../ui/problem'
import { lineAt } from './lines'
import { texts } from './text'
import style from './transfer.module.css'

interface Props {
  error: Refused
  text: string
  onGo?: (start: number, length: number) => void // to a line, where the text can be edited
}

/** Errors lists what is wrong with a file beside the lines it is wrong with. */
export function Errors({ error, text, onGo }: Props) {
  const errors = error.problem.errors ?? []
  const count = error.problem.error_count ?? errors.length
  const element = useRef<HTMLElement>(null)
  useEffect(() => {
    element.current?.scrollIntoView({ block: 'nearest' })
  }, [error])
  return (
    <section ref={element} role="alert" aria-label={words(error)} className={style.errors}>
      <p className={style.what}>
        {words(error)} {texts.errorCount(count)}
      </p>
      <Table
        label={texts.errors}
        head={
          <>
            <th scope="col">{texts.line}</th>
            <th scope="col">{texts.wrong}</th>
          </>
        }
      >
        {errors.map((e, i) => {
          const line = e.line === undefined ? undefined : lineAt(text, e.line)
          return (
            <tr key={i}>
              <th scope="row" data-label={texts.line}>
                {e.line === undefined ? texts.wholeFile : number(e.line)}
              </th>
              <td>
                <p>{e.detail}</p>
                {line && (
                  <p className={style.line}>
                    <code className={style.source}>{line.text}</code>
                    {onGo && (
                      <Button look="quiet" aria-label={`${texts.goThere}: ${texts.lineNumber(e.line ?? 0)}`} onClick={() => onGo(line.start, line.text.length)}>
                        {texts.goThere}
                      </Button>
                    )}
                  </p>
                )}
              </td>
            </tr>
          )
        })}
      </Table>
      {count > errors.length && <p>{texts.moreErrors(count - errors.length)}</p>}
    </section>
  )
}
