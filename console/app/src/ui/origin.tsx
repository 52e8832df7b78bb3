import { Fragment } from 'react'
import type { Schemas } from '../api/problem'
import { time } from '../lib/format'
import { subjectName } from '../lib/labels'
import { Code } from './badge'
import { texts } from './text'
import { GroupName } from './user-name'

/** OriginSentence says where a permission comes from, such as "by Trainees, which inherits Requests desk". */
export function OriginSentence({ origin, permission }: { origin: Schemas['Origin']; permission?: string }) {
  const groups = origin.path.filter((subject) => subjectName(subject).isGroup)
  return (
    <>
      {groups.length === 0 ? texts.byOwnRule : `${texts.by} `}
      {groups.map((group, i) => (
        <Fragment key={group}>
          {i > 0 && texts.whichInherits}
          <GroupName name={subjectName(group).name} />
        </Fragment>
      ))}
      {permission !== undefined && origin.pattern !== permission && (
        <>
          {' '}
          {texts.with} <Code>{origin.pattern}</Code>
        </>
      )}
      {origin.until && <> {texts.endsAt(time(origin.until))}</>}
    </>
  )
}
