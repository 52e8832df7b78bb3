import type { Schemas } from '../../api/problem'
import { to } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Code } from '../../ui/badge'
import { Copy } from '../../ui/copy'
import { Card } from '../../ui/page'
import { texts } from './text'
import style from './why.module.css'

/** BadRows names the rows of the table that deny the user everything. They can't be mended from here. */
export function BadRows({ rows, count }: { rows: Schemas['BadRow'][]; count: number }) {
  const rights = useMyRights()
  const repair = ['rightful repair', ...rows.map((row) => row.id)].join(' ')
  return (
    <Card title={texts.badRows(count)}>
      <p>{texts.badRowsText}</p>
      <p className={style.command}>
        <Code>{repair}</Code> <Copy text={repair} what={repair} />
      </p>
      <ul className={style.rows}>
        {rows.map((row) => (
          <li key={row.id}>
            <p>
              <strong>{texts.row(row.id)}</strong> <Code>{row.values.join(', ')}</Code>
            </p>
            <p className={style.quiet}>{row.detail}</p>
          </li>
        ))}
        {count > rows.length && <li>{texts.more(count - rows.length)}</li>}
      </ul>
      {rights.may('changes:view') && <a href={to(['status'])}>{texts.seeStatus}</a>}
    </Card>
  )
}
