import { useDeferredValue, useState } from 'react'
import { useGroups } from '../../api/queries'
import { matching } from '../../lib/catalog'
import { replace, to, useRoute } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Button, LinkButton } from '../../ui/button'
import { Search } from '../../ui/field'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { GroupTable } from './group-table'
import style from './groups.module.css'
import { texts } from './text'

/** All groups: the first screen. */
export default function Groups() {
  const rights = useMyRights()
  const groups = useGroups()
  const { query } = useRoute()
  const [typed, setTyped] = useState(query.get('q') ?? '')
  const search = useDeferredValue(typed.trim())
  const all = groups.data ?? []
  const matches = matching(search)
  const found = all.filter((group) => matches(`${group.name} ${group.description}`))
  function type(text: string) {
    setTyped(text)
    replace(to(['groups'], { q: text.trim() }))
  }
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={
        <>
          {all.length > 1 && <LinkButton href={to(['compare-groups'])}>{texts.compare}</LinkButton>}
          {rights.may('groups:create') && (
            <LinkButton look="primary" href={to(['new-group'])}>
              {texts.newGroup}
            </LinkButton>
          )}
        </>
      }
    >
      {groups.error && <ProblemBox error={groups.error} onRetry={() => void groups.refetch()} />}
      {groups.isPending && <Loading />}
      {groups.data && (
        <>
          <div className={style.toolbar}>
            <Search label={texts.search} value={typed} onChange={type} />
            <p role="status" className={style.quiet}>
              {search ? texts.found(found.length, all.length) : texts.count(all.length)}
            </p>
          </div>
          {found.length > 0 && <GroupTable groups={found} />}
          {found.length === 0 && (
            <Empty>
              <p>{texts.nothingFound(search)}</p>
              <Button onClick={() => type('')}>{texts.showAll}</Button>
            </Empty>
          )}
          {all.every((group) => group.protected) && (
            <div className={style.first}>
              <Empty>
                <p>{texts.onlyAdministrators}</p>
                {rights.may('groups:create') && (
                  <LinkButton look="primary" href={to(['new-group'])}>
                    {texts.createFirst}
                  </LinkButton>
                )}
              </Empty>
            </div>
          )}
        </>
      )}
    </Page>
  )
}
