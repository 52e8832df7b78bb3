import type { Schemas } from '../../api/problem'
import { isRefused } from '../../api/problem'
import { time } from '../../lib/format'
import { to } from '../../lib/route'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Card, Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Facts } from '../../ui/facts'
import { texts as uiTexts } from '../../ui/text'
import { LookedUpUser } from '../../ui/user-name'
import { Explained } from './explained'
import { useDenial } from './queries'
import { texts } from './text'

/** DenialPage explains one 403, by the id on its page. */
export default function DenialPage({ id }: { id: string }) {
  const denial = useDenial(id)
  const back = <a href={to(['why'])}>{texts.back}</a>
  if (denial.data) {
    return (
      <Page title={texts.denialTitle(denial.data.user)} back={back}>
        <Request denial={denial.data} />
        {denial.data.required.length === 0 ? (
          <Empty>
            <p>{texts.routeRequiresNone}</p>
          </Empty>
        ) : (
          <Explained user={denial.data.user} permissions={denial.data.required} denial={denial.data} />
        )}
      </Page>
    )
  }
  return (
    <Page title={texts.title} back={back}>
      {denial.isPending && <Loading />}
      {isRefused(denial.error, 'not-found') ? (
        <Empty>
          <p>
            <strong>{texts.noSuchDenial}</strong> <Code>{id}</Code>
          </p>
          <p>{texts.noSuchDenialHint}</p>
          <Button onClick={() => void denial.refetch()} busy={denial.isFetching}>
            {uiTexts.tryAgain}
          </Button>
        </Empty>
      ) : (
        denial.error && <ProblemBox error={denial.error} onRetry={() => void denial.refetch()} />
      )}
    </Page>
  )
}

function Request({ denial }: { denial: Schemas['Denial'] }) {
  return (
    <Card>
      <Facts
        beside
        facts={[
          [texts.user, <LookedUpUser id={denial.user} />],
          [texts.request, <Code>{`${denial.method} ${denial.route}`}</Code>],
          [texts.when, time(denial.at)],
          [texts.policy, texts.revision(denial.revision)],
        ]}
      />
      {denial.suppressed > 0 && <p>{texts.suppressed(denial.suppressed)}</p>}
    </Card>
  )
}
