import { number } from '../../lib/format'
import { Badge, Code } from '../../ui/badge'
import { Card, Empty } from '../../ui/page'
import { Table } from '../../ui/table'
import { GroupName } from '../../ui/user-name'
import type { Status } from '../group/held'
import type { Compared, Result } from './compare'
import style from './groups.module.css'
import { texts } from './text'

interface Props {
  a: string
  b: string
  result: Result
  showSame: boolean
}

/** Comparison shows the permissions that only one of two groups holds, and how it holds them. */
export function Comparison({ a, b, result: { onlyA, onlyB, both, others }, showSame }: Props) {
  const parts = [
    { title: texts.onlyIn(a), items: onlyA },
    { title: texts.onlyIn(b), items: onlyB },
    ...(showSame ? [{ title: texts.both, items: both }] : []),
  ].filter((part) => part.items.length > 0)
  return (
    <>
      <p role="status" className={style.counts}>
        <Badge tone="accent">
          {texts.onlyIn(a)}: {number(onlyA.length)}
        </Badge>
        <Badge tone="accent">
          {texts.onlyIn(b)}: {number(onlyB.length)}
        </Badge>
        <Badge>
          {texts.both}: {number(both.length)}
        </Badge>
      </p>
      {onlyA.length + onlyB.length === 0 && <Empty>{texts.same}</Empty>}
      {parts.map((part) => (
        <Part key={part.title} {...part} a={a} b={b} />
      ))}
      {others.length > 0 && (
        <div className={style.other}>
          <Card title={texts.otherRules}>
            <p className={style.quiet}>{texts.otherRulesLead}</p>
            <ul className={style.rows}>
              {others.map(({ of, kind, pattern }) => (
                <li key={`${of} ${kind} ${pattern}`}>
                  <GroupName name={of} /> {texts[kind]} <Code tone={kind === 'grants' ? 'good' : 'bad'}>{pattern}</Code>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      )}
    </>
  )
}

function Part({ title, items, a, b }: { title: string; items: Compared[]; a: string; b: string }) {
  return (
    <section className={style.part}>
      <h2>{title}</h2>
      <Table
        label={title}
        head={
          <>
            <th scope="col">{texts.permission}</th>
            <th scope="col">{a}</th>
            <th scope="col">{b}</th>
          </>
        }
      >
        {items.map((item) => (
          <tr key={item.entry.permission}>
            <th scope="row">
              <span className={style.quiet}>{item.entry.category.join(' › ')}</span>
              <span className={style.label}>{item.entry.label}</span>
              <Code>{item.entry.permission}</Code>
            </th>
            <td data-label={a}>
              <How status={item.a} />
            </td>
            <td data-label={b}>
              <How status={item.b} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

/** How says by which rule a group holds a permission, or why it doesn't. */
function How({ status }: { status: Status }) {
  if (status.denied) {
    return (
      <Badge tone="bad">
        {texts.restricted}
        {!status.restricted && status.ownRestriction && ` ${texts.by(status.ownRestriction)}`}
        {!status.restricted && !status.ownRestriction && status.restrictedFrom && ` ${texts.from(status.restrictedFrom)}`}
      </Badge>
    )
  }
  if (!status.granted) return <span className={style.quiet}>{texts.no}</span>
  return <Badge tone="good">{status.direct ? texts.direct : status.wildcard ? texts.by(status.wildcard) : texts.from(status.from ?? '')}</Badge>
}
