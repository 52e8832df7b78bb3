import { useQuery } from '@tanstack/react-query'
import { api, data } from '../../api/client'
import { policy } from '../../api/queries'
import { ago, time } from '../../lib/format'
import { to } from '../../lib/route'
import { Card, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts } from './text'
import style from './user.module.css'

const shown = 5

/** DenialsCard lists the last requests of the user that were refused. Each leads to its explanation. */
export function DenialsCard({ user }: { user: string }) {
  const denials = useQuery({
    queryKey: policy('denials', user, shown),
    queryFn: async () => data(await api.GET('/denials', { params: { query: { user, limit: shown } } })),
  })
  return (
    <Card title={texts.denials} aside={denials.data?.next_cursor && <a href={to(['why'], { user })}>{texts.allDenials}</a>}>
      {denials.isPending && <Loading />}
      {denials.error && <ProblemBox error={denials.error} onRetry={() => void denials.refetch()} />}
      {denials.data?.items.length === 0 && <p className={style.quiet}>{texts.noDenials}</p>}
      {denials.data && denials.data.items.length > 0 && (
        <ul className={style.rows}>
          {denials.data.items.map((denial) => (
            <li key={denial.id} className={style.row}>
              <div className={style.what}>
                <a href={to(['why', denial.id])}>
                  <code>
                    {denial.method} {denial.route}
                  </code>
                </a>
                <p className={style.quiet}>
                  {texts.missing(denial.missing.length)} · <time dateTime={denial.at} title={time(denial.at)}>{ago(denial.at)}</time>
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
