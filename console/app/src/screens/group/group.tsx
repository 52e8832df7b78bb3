import { isRefused } from '../../api/problem'
import { useCatalog, useGroup, useGroupRules } from '../../api/queries'
import { to, useRoute } from '../../lib/route'
import { Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Editor } from './editor'
import { PrintGroup } from './print-group'
import { texts } from './text'

/** The screen of one group. */
export default function GroupScreen({ name }: { name: string }) {
  const { query } = useRoute()
  const group = useGroup(name)
  const catalog = useCatalog()
  useGroupRules(name, !query.has('view')) // what the first view needs next is asked for at once
  const back = <a href={to(['groups'])}>{texts.groups}</a>
  const error = group.error ?? catalog.error
  if (group.data && catalog.data && !isRefused(error, 'not-found')) {
    if (query.get('view') === 'print') return <PrintGroup group={group.data} catalog={catalog.data} />
    return <Editor group={group.data} catalog={catalog.data} back={back} />
  }
  return (
    <Page title={name} back={back}>
      {error ? (
        <>
          <ProblemBox error={error} onRetry={() => void (group.error ? group : catalog).refetch()} />
          {isRefused(error, 'not-found') && (
            <p>
              {texts.gone} <a href={to(['groups'])}>{texts.allGroups}</a>
            </p>
          )}
        </>
      ) : (
        <Loading />
      )}
    </Page>
  )
}
