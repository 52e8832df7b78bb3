import type { Change } from '../../api/client'
import type { Schemas } from '../../api/problem'
import { utcDay } from '../../lib/format'
import { useRoute } from '../../lib/route'
import { Code } from '../../ui/badge'
import { Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { dayAfter, readDays } from './days'
import { LastUses } from './last-uses'
import { useUsage, type Subject, type Usage as Answer } from './queries'
import { texts } from './text'
import { Unused } from './unused'
import style from './usage.module.css'

export interface Props {
  subject: Subject
  who: string // the user's name, or the group's
  administrators: boolean // the subject is Administrators or a member of it
  allowed: Schemas['Allowed']
  onSaved: (change: Change) => void
}

/** Usage shows when the permissions of a user or a group were last used, and takes away what is unused. */
export default function Usage(props: Props) {
  const { subject, who } = props
  const days = readDays(useRoute().query.get('unused_for'))
  const usage = useUsage(subject)
  const unused = useUsage(subject, days) // beside the other, which is faster
  function retry() {
    void usage.refetch()
    void unused.refetch()
  }
  if (usage.error) return <ProblemBox error={usage.error} onRetry={retry} />
  if (!usage.data) return <Loading />
  if (!usage.data.recorded) return <NothingRecorded />
  return (
    <>
      <p className={style.period}>
        {period(usage.data)} {subject.kind === 'group' && texts.members(usage.data.member_count ?? 0)}
      </p>
      {usage.data.permission_count === 0 ? (
        <Empty>{subject.kind === 'user' ? texts.nothingHeld(who) : texts.nothingGiven(who)}</Empty>
      ) : (
        <>
          <Unused {...props} days={days} unused={unused} />
          <LastUses kind={subject.kind} usage={usage.data} />
        </>
      )}
    </>
  )
}

function period({ recorded, today }: Answer): string {
  if (!recorded) return ''
  return recorded.until < dayAfter(today, -1) ? texts.stopped(utcDay(recorded.since), utcDay(recorded.until)) : texts.since(utcDay(recorded.since))
}

function NothingRecorded() {
  return (
    <Empty>
      <p>
        <strong>{texts.none}</strong> {texts.turnOn} <Code>{'authz.Options{Usage: authz.UsageOptions{On: true}}'}</Code>.
      </p>
      <p>{texts.turnOnHint}</p>
    </Empty>
  )
}
