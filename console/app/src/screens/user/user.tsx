import { useState } from 'react'
import { path, type Change } from '../../api/client'
import { useUser } from '../../api/queries'
import { to, useRoute } from '../../lib/route'
import { Review } from '../../review/review'
import { useMyRights } from '../../shell/rights'
import { Button, LinkButton } from '../../ui/button'
import { Choices } from '../../ui/choices'
import { lazy } from '../../ui/lazy'
import { Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { texts as uiTexts } from '../../ui/text'
import { DraftOfUser } from './draft-of-user'
import { DenialsCard } from './denials-card'
import { EffectiveCard } from './effective-card'
import { GroupsCard } from './groups-card'
import { Heading, Summary } from './heading'
import { HistoryCard } from './history-card'
import { MayNotChange } from './may-not-change'
import { PrintUser } from './print-user'
import { RulesCard } from './rules-card'
import { texts } from './text'
import { useUserDraft } from './use-user-draft'
import style from './user.module.css'

const Usage = lazy(() => import('../usage/usage'))

/** One user: groups and own rules to edit, what they amount to, what was refused, what was changed, and what is unused. */
export default function User({ id }: { id: string }) {
  const rights = useMyRights()
  const view = useRoute().query.get('view')
  const user = useUser(id)
  const [dialog, setDialog] = useState<'review' | 'remove'>()
  const [saved, setSaved] = useState<Change>()
  const { draft, current, set, discard, theirs, onPresent } = useUserDraft(id, user.data, dialog !== undefined)
  const back = <a href={to(['users'])}>{texts.back}</a>

  if (user.error && !user.data) {
    return (
      <Page title={id} back={back}>
        <ProblemBox error={user.error} onRetry={() => void user.refetch()} />
      </Page>
    )
  }
  if (!user.data || !current) {
    return (
      <Page title={id} back={back}>
        <Loading />
      </Page>
    )
  }
  if (view === 'print') return <PrintUser user={user.data} />
  const allowed = user.data.allowed ?? []
  const hasAccess = user.data.groups.length + user.data.permissions.grants.length + user.data.permissions.restrictions.length > 0
  return (
    <Page
      title={user.data.display_name ?? id}
      heading={<Heading user={user.data} />}
      lead={<Summary user={user.data} />}
      back={back}
      actions={
        <>
          <LinkButton href={to(['compare-users'], { left: id })}>{texts.compare}</LinkButton>
          <LinkButton href={to(['users', id], { view: 'print' })}>{texts.print}</LinkButton>
          {allowed.includes('delete') && hasAccess && !draft && (
            <Button look="danger" onClick={() => setDialog('remove')}>
              {texts.removeAll}
            </Button>
          )}
        </>
      }
    >
      <p role="status" className={style.saved}>
        {saved && (
          <>
            {texts.saved}{' '}
            {saved.revision !== undefined && rights.may('changes:view') && (
              <a href={to(['changes', String(saved.revision)])}>{texts.seeChange(saved.revision)}</a>
            )}
          </>
        )}
      </p>
      <MayNotChange allowed={allowed} />
      <Choices
        label={texts.views}
        choices={[
          { href: to(['users', id]), text: texts.access, current: view !== 'usage' },
          { href: to(['users', id], { view: 'usage' }), text: texts.usage, current: view === 'usage' },
        ]}
      />
      {view === 'usage' ? (
        <Usage
          subject={{ kind: 'user', name: id }}
          who={user.data.display_name ?? id}
          administrators={user.data.groups.some((membership) => membership.group === 'Administrators')}
          allowed={allowed}
          onSaved={setSaved}
        />
      ) : (
        <div className={style.columns}>
          <div className={style.main}>
            <GroupsCard user={user.data} draft={current} allowed={allowed} onChange={set} />
            <EffectiveCard user={user.data} />
          </div>
          <div className={style.side}>
            <RulesCard user={user.data} draft={current} editable={allowed.includes('update')} onChange={set} />
            <DenialsCard user={id} />
            {rights.may('changes:view') && <HistoryCard user={id} revertible={allowed.includes('update')} />}
          </div>
        </div>
      )}
      {draft && (
        <DraftOfUser
          id={id}
          draft={draft}
          theirs={theirs}
          changesRules={allowed.includes('update')}
          reviewing={dialog === 'review'}
          onReview={(open) => setDialog(open ? 'review' : undefined)}
          onConflict={() => {
            setDialog(undefined)
            void user.refetch()
          }}
          onContinue={onPresent}
          onDiscard={discard}
          onSaved={(change) => {
            discard()
            setDialog(undefined)
            setSaved(change)
          }}
        />
      )}
      {dialog === 'remove' && (
        <Review
          title={texts.removeAllTitle(id)}
          operations={[{ method: 'DELETE', path: path('users', id), if_match: user.data.etag }]}
          saveText={texts.removeAllSave}
          cancelText={uiTexts.cancel}
          danger
          onClose={() => setDialog(undefined)}
          onSaved={(change) => {
            setDialog(undefined)
            setSaved(change)
          }}
        >
          <p>{texts.removeAllText(id)}</p>
        </Review>
      )}
    </Page>
  )
}
