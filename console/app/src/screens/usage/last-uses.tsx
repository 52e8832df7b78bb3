import { useDeferredValue, useMemo, useState } from 'react'
import { matching } from '../../lib/catalog'
import { Search } from '../../ui/field'
import { Card } from '../../ui/page'
import type { Subject, Usage } from './queries'
import { texts } from './text'
import style from './usage.module.css'
import { UseList } from './use-list'

/** LastUses lists all permissions that are held or given now, with the day when each was last used. */
export function LastUses({ kind, usage }: { kind: Subject['kind']; usage: Usage }) {
  const [typed, setTyped] = useState('')
  const search = useDeferredValue(typed)
  const found = useMemo(() => {
    const matches = matching(search)
    return usage.permissions.filter(({ permission, label, category = [] }) => matches([...category, label, permission].join(' ')))
  }, [usage.permissions, search])
  const left = usage.permission_count - usage.permissions.length
  return (
    <Card title={texts.held} aside={<Search label={texts.find} value={typed} onChange={setTyped} />}>
      <p className={style.quiet}>{kind === 'user' ? texts.heldHint : texts.givenHint}</p>
      {found.length === 0 && <p role="status">{texts.noneFound}</p>}
      <UseList label={texts.held} uses={found} today={usage.today} />
      {left > 0 && <p>{texts.cut(left)}</p>}
    </Card>
  )
}
