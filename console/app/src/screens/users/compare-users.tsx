import { replace, to, useRoute } from '../../lib/route'
import { useUser } from '../../api/queries'
import { Button } from '../../ui/button'
import { Card, Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { UserField } from '../../ui/user-field'
import { GroupName, UserName } from '../../ui/user-name'
import { Comparison } from './comparison'
import { texts } from './text'
import style from './users.module.css'

/** CompareUsers shows what one person may do and another may not. Both stand in the address. */
export default function CompareUsers() {
  const { query } = useRoute()
  const left = query.get('left') ?? ''
  const right = query.get('right') ?? ''
  const show = (change: { left?: string; right?: string }) => replace(to(['compare-users'], { left, right, ...change }))
  return (
    <Page
      title={texts.compareTitle}
      lead={texts.compareLead}
      back={<a href={to(['users'])}>{texts.backToUsers}</a>}
      actions={left && right && <Button onClick={() => show({ left: right, right: left })}>{texts.swap}</Button>}
    >
      <div className={style.pair}>
        <Chosen label={texts.one} id={left} onChoose={(left) => show({ left })} />
        <Chosen label={texts.other} id={right} onChoose={(right) => show({ right })} />
      </div>
      {left && right ? (
        <Both left={left} right={right} />
      ) : (
        <Empty>
          <p>{texts.choose}</p>
        </Empty>
      )}
    </Page>
  )
}

function Chosen({ label, id, onChoose }: { label: string; id: string; onChoose: (id: string) => void }) {
  return (
    <div>
      <Card title={label}>{id ? <Person id={id} onRemove={() => onChoose('')} /> : <UserField label={texts.search} onChoose={onChoose} />}</Card>
    </div>
  )
}

function Person({ id, onRemove }: { id: string; onRemove: () => void }) {
  const user = useUser(id)
  return (
    <div className={style.person}>
      <UserName id={id} name={user.data?.display_name} />
      {user.data && (
        <p className={style.groups}>
          {user.data.groups.length === 0 && <span className={style.quiet}>{texts.noGroups}</span>}
          {user.data.groups.map((membership) => (
            <GroupName key={membership.group} name={membership.group} />
          ))}
        </p>
      )}
      <p>
        <Button aria-label={`${texts.change}: ${id}`} onClick={onRemove}>
          {texts.change}
        </Button>
      </p>
    </div>
  )
}

function Both({ left, right }: { left: string; right: string }) {
  const [one, other] = [useUser(left), useUser(right)]
  const error = one.error ?? other.error
  if (error) return <ProblemBox error={error} onRetry={() => void Promise.all([one.refetch(), other.refetch()])} />
  if (!one.data || !other.data) return <Loading />
  return <Comparison left={one.data} right={other.data} />
}
