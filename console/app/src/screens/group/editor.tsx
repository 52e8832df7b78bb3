import { useState, type ReactNode } from 'react'
import { go, to, useRoute } from '../../lib/route'
import type { Entry } from '../../lib/catalog'
import { Needs } from '../../shell/needs'
import { useMyRights } from '../../shell/rights'
import { Badge } from '../../ui/badge'
import { Choices } from '../../ui/choices'
import { lazy } from '../../ui/lazy'
import { Page } from '../../ui/page'
import { Actions } from './actions'
import { DeleteGroup } from './delete-group'
import { Details } from './details'
import { rebase } from './draft'
import { GroupBar } from './group-bar'
import style from './group.module.css'
import { History } from './history'
import { Inheritance } from './inheritance'
import { Members } from './members'
import { Notices } from './notices'
import { Permissions } from './permissions'
import { ReviewDraft } from './review-draft'
import { texts } from './text'
import { useGroupDraft, type Group } from './use-group-draft'

const Usage = lazy(() => import('../usage/usage'))

const views = ['permissions', 'members', 'inheritance', 'usage', 'history'] as const

interface Props {
  group: Group
  catalog: Entry[]
  back: ReactNode
}

/** Editor shows a group in several views, which edit one draft together. */
export function Editor({ group, catalog, back }: Props) {
  const { query } = useRoute()
  const view = views.find((v) => v === query.get('view')) ?? 'permissions'
  const rights = useMyRights()
  const { draft, set, now, change, setRule, discard } = useGroupDraft(group)
  const [open, setOpen] = useState<'review' | 'delete' | 'details'>()
  const [saved, setSaved] = useState(false)
  const mayUpdate = group.allowed?.includes('update') ?? false
  const inherits = draft?.inherits ?? group.inherits
  const counts = { permissions: undefined, members: group.member_count, inheritance: group.inherits.length, usage: undefined, history: undefined }

  return (
    <Page
      title={group.name}
      heading={
        <>
          {group.name} {group.protected && <Badge tone="warn">{texts.protected}</Badge>}
        </>
      }
      lead={group.description || texts.noDescription}
      back={back}
      actions={<Actions group={group} onEdit={() => setOpen('details')} onDelete={() => setOpen('delete')} />}
    >
      <Notices group={group} />
      {(open === 'details' || draft?.name !== undefined || draft?.description !== undefined) && mayUpdate && (
        <Details group={group} draft={draft} change={change} onDone={() => setOpen(undefined)} />
      )}
      <Choices
        label={texts.views}
        choices={views
          .filter((v) => (v !== 'history' || rights.may('changes:view')) && (v !== 'usage' || rights.may('users:view')))
          .map((v) => ({ href: to(['groups', group.name], { view: v === 'permissions' ? undefined : v }), text: texts[v], current: v === view, count: counts[v] }))}
      />
      <p role="status" className={saved && !draft ? style.saved : style.unsaid}>
        {saved && !draft && texts.saved}
      </p>
      {view === 'permissions' && <Permissions now={now} inherits={inherits} delta={draft?.delta} catalog={catalog} may={mayUpdate} setRule={setRule} change={change} />}
      {view === 'members' && <Members group={group} draft={draft} may={group.allowed?.includes('assign') ?? false} change={change} />}
      {view === 'inheritance' && <Inheritance group={group} inherits={inherits} catalog={catalog} may={mayUpdate} change={change} />}
      {view === 'usage' &&
        (rights.may('users:view') ? (
          <Usage
            subject={{ kind: 'group', name: group.name }}
            who={group.name}
            administrators={group.protected ?? false}
            allowed={group.allowed ?? []}
            onSaved={() => setSaved(true)}
          />
        ) : (
          <Needs why={texts.usageUnseen} permission="users:view" />
        ))}
      {view === 'history' && <History group={group.name} />}
      {draft && (
        <GroupBar draft={draft} now={now} who={group.updated_by} onDiscard={discard} onReview={() => setOpen('review')} onContinue={() => set(rebase(draft, now))} />
      )}
      {open === 'review' && draft && (
        <ReviewDraft
          draft={draft}
          group={group}
          onClose={() => setOpen(undefined)}
          onSaved={(rest) => {
            setOpen(undefined)
            setSaved(true)
            set(rest)
            if (draft.name !== undefined) go(to(['groups', draft.name], { view: query.get('view') ?? undefined }))
          }}
        />
      )}
      {open === 'delete' && <DeleteGroup group={group} onClose={() => setOpen(undefined)} onDeleted={() => (discard(), go(to(['groups'])))} />}
    </Page>
  )
}
