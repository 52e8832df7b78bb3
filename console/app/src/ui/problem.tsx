import { Refused, Unreachable } from '../api/problem'
import { Button } from './button'
import { Code } from './badge'
import style from './problem.module.css'
import { texts } from './text'

/** Words says in a sentence what went wrong. */
export function words(error: unknown): string {
  if (error instanceof Unreachable) return texts.unreachable
  if (error instanceof Refused) return texts.problems[error.type] ?? error.message
  return texts.broken
}

/** ProblemBox says what went wrong, with what the server says of it, and offers to try again. */
export function ProblemBox({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert" className={style.box}>
      <p className={style.what}>{words(error)}</p>
      {error instanceof Refused && <Details error={error} />}
      {onRetry && <Button onClick={onRetry}>{texts.tryAgain}</Button>}
    </div>
  )
}

function Details({ error }: { error: Refused }) {
  const { detail, errors, missing, missing_count: missingCount } = error.problem
  const known = texts.problems[error.type] !== undefined
  return (
    <>
      {known && detail && <p>{detail}</p>}
      {errors && (
        <ul className={style.list}>
          {errors.map((e, i) => (
            <li key={i}>{e.detail}</li>
          ))}
        </ul>
      )}
      {missing && missing.length > 0 && (
        <div>
          <p>{texts.missing}</p>
          <ul className={style.list}>
            {missing.map((m) => (
              <li key={m.permission}>
                {m.permission === '*:*' ? texts.onlyAdministrators : <>{m.label} <Code>{m.permission}</Code></>}
              </li>
            ))}
            <More count={missingCount} listed={missing.length} />
          </ul>
        </div>
      )}
    </>
  )
}

/** More ends a list of permissions with how many it leaves out. */
export function More({ count = 0, listed }: { count?: number; listed: number }) {
  return count > listed && <li>{texts.morePermissions(count - listed)}</li>
}
