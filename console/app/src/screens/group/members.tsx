import { useDeferredValue, useState } from 'react'
import { Needs } from '../../shell/needs'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { Search } from '../../ui/field'
import { Card, Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { AddMembers } from './add-members'
import type { Draft } from './draft'
import style from './group.module.css'
import { MemberRow } from './member-row'
import { texts } from './text'
import type { Edit, Group } from './use-group-draft'
import { pageSize, useMembers } from './use-members'

/** Members lists who is in the group a page at a time, and adds and removes people as parts of the draft. */
export function Members({ group, draft, may, change }: { group: Group; draft: Draft | undefined; may: boolean; change: Edit }) {
  const rights = useMyRights()
  const [typed, setTyped] = useState('')
  const search = useDeferredValue(typed.trim())
  const [cursors, setCursors] = useState<string[]>([]) // of the pages before this one, and its own
  const sees = rights.may('users:view')
  const members = useMembers(group.name, search, cursors.at(-1), sees)
  if (!sees) return <Needs why={texts.membersUnseen} permission="users:view" />
  const from = cursors.length * pageSize + 1
  const page = members.data
  return (
    <>
      {may && <AddMembers draft={draft} change={change} />}
      <Card
        title={texts.memberCount(group.member_count)}
        aside={
          group.member_count > 0 && (
            <Search
              label={texts.findMember}
              value={typed}
              onChange={(text) => {
                setTyped(text)
                setCursors([])
              }}
            />
          )
        }
      >
        {members.error && <ProblemBox error={members.error} onRetry={() => void members.refetch()} />}
        {members.isPending && <Loading />}
        {page?.items.length === 0 && (
          <Empty>
            <p>{search ? texts.noMemberFound(search) : texts.noMembers}</p>
            {!search && may && <p>{texts.noMembersDo}</p>}
          </Empty>
        )}
        {page && page.items.length > 0 && (
          <ul className={style.list} aria-label={texts.members}>
            {page.items.map((member) => (
              <MemberRow
                key={member.user}
                {...member}
                may={may}
                newEnd={draft?.ends[member.user]}
                removed={draft?.remove.includes(member.user) ?? false}
                change={change}
              />
            ))}
          </ul>
        )}
        {page && (cursors.length > 0 || page.next) && (
          <nav className={style.pages} aria-label={texts.members}>
            <span>{texts.page(from, from + page.items.length - 1, page.total)}</span>
            <span className={style.buttons}>
              <Button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
                {texts.previous}
              </Button>
              <Button disabled={!page.next} onClick={() => page.next && setCursors([...cursors, page.next])}>
                {texts.next}
              </Button>
            </span>
          </nav>
        )}
      </Card>
    </>
  )
}
