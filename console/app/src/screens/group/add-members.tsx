import { useState } from 'react'
import { time } from '../../lib/format'
import { Button } from '../../ui/button'
import { EndField, type End } from '../../ui/ends'
import { Card } from '../../ui/page'
import { UserField } from '../../ui/user-field'
import { UserName } from '../../ui/user-name'
import type { Draft } from './draft'
import style from './group.module.css'
import { texts } from './text'
import type { Edit } from './use-group-draft'

/** AddMembers puts people on the list of those to be added, with the end of their membership. */
export function AddMembers({ draft, change }: { draft: Draft | undefined; change: Edit }) {
  const [end, setEnd] = useState<End>('never')
  const [names, setNames] = useState<Record<string, string | undefined>>({})
  const added = Object.entries(draft?.add ?? {})
  return (
    <Card>
      <div className={style.adding}>
        <UserField
          label={texts.addMember}
          hint={texts.addMemberHint}
          onChoose={(user, name) => {
            setNames((known) => ({ ...known, [user]: name }))
            change((d) => ({ ...d, add: { ...d.add, [user]: end }, remove: d.remove.filter((other) => other !== user) }))
          }}
        />
        <EndField label={texts.membershipEnds} value={end} onChange={setEnd} />
      </div>
      {added.length > 0 && (
        <section>
          <h2>{texts.newMembers}</h2>
          <ul className={style.list}>
            {added.map(([user, until]) => (
              <li key={user}>
                <span>
                  <UserName id={user} name={names[user]} /> <span className={style.quiet}>{until === 'never' ? texts.noEnd : texts.endsAt(time(until))}</span>
                </span>
                <Button
                  look="quiet"
                  aria-label={texts.undoOf(user)}
                  onClick={() => change((d) => ({ ...d, add: Object.fromEntries(Object.entries(d.add).filter(([other]) => other !== user)) }))}
                >
                  {texts.undo}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Card>
  )
}
