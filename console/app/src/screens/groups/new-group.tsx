import { useState } from 'react'
import { useGroups } from '../../api/queries'
import { keepDraft, useAskBeforeLeaving, useDraft } from '../../lib/draft'
import { go, to, useRoute } from '../../lib/route'
import { Review } from '../../review/review'
import { Needs } from '../../shell/needs'
import { useMyRights } from '../../shell/rights'
import { Button, LinkButton } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { Field, inputClass, TextField } from '../../ui/field'
import { Card, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { draftKey } from '../group/use-group-draft'
import { creation, type New } from './copy'
import style from './groups.module.css'
import { nameFault } from './name'
import { texts } from './text'
import { useOriginal } from './use-original'

interface Typed {
  name: string
  description: string
  from: string
  withMembers: boolean
}

/** The form for a new group, which may start as a copy of another. */
export default function NewGroup() {
  const rights = useMyRights()
  const { query } = useRoute()
  const groups = useGroups()
  const [kept, keep] = useDraft<Typed>('new-group')
  const typed: Typed = kept ?? { name: '', description: '', from: query.get('from') ?? '', withMembers: false }
  const [asked, setAsked] = useState(false)
  const [reviewed, setReviewed] = useState<New>()
  useAskBeforeLeaving(kept !== undefined, () => keep(undefined))
  const original = useOriginal(typed.from, typed.withMembers)
  const fault = nameFault(typed.name, groups.data ?? [])
  const edit = (part: Partial<Typed>) => keep({ ...typed, ...part })

  if (!rights.may('groups:create')) return <Page title={texts.newGroup} children={<Needs why={texts.mayNotCreate} permission="groups:create" />} />
  const made = reviewed && creation(reviewed)
  return (
    <Page title={texts.newGroup} lead={texts.next} back={<a href={to(['groups'])}>{texts.title}</a>}>
      <Card>
        <form
          className={style.form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            setAsked(true)
            if (fault || !original.data) document.getElementById('new-group-name')?.querySelector('input')?.focus()
            else setReviewed({ name: typed.name.trim(), description: typed.description.trim(), ...original.data })
          }}
        >
          <div id="new-group-name">
            <TextField label={texts.name} hint={texts.nameHint} error={asked ? fault : undefined} required maxLength={100} autoFocus value={typed.name} onChange={(event) => edit({ name: event.target.value })} />
          </div>
          <TextField label={texts.description} hint={texts.descriptionHint} maxLength={500} value={typed.description} onChange={(event) => edit({ description: event.target.value })} />
          <Field label={texts.startFrom} hint={typed.from && original.data ? `${texts.copies(original.data.rules.grants.length + original.data.rules.restrictions.length, original.data.inherits.length)} ${texts.startFromHint}` : undefined}>
            {(ids) => (
              <select {...ids} className={inputClass} value={typed.from} onChange={(event) => edit({ from: event.target.value, withMembers: false })}>
                <option value="">{texts.nothing}</option>
                {groups.data?.filter((group) => !group.protected).map((group) => (
                  <option key={group.name}>{group.name}</option>
                ))}
              </select>
            )}
          </Field>
          {original.memberCount > 0 && rights.may('users:view') && rights.may('users:update') && (
            <label className={style.check}>
              <Checkbox checked={typed.withMembers} onChange={(event) => edit({ withMembers: event.target.checked })} />
              {texts.withMembers(original.memberCount)}
            </label>
          )}
          {original.error !== null && <ProblemBox error={original.error} />}
          <p className={style.buttons}>
            <Button type="submit" look="primary" busy={original.isPending}>
              {texts.review}
            </Button>
            <LinkButton href={to(['groups'])}>{texts.cancel}</LinkButton>
          </p>
        </form>
      </Card>
      {made && (
        <Review
          title={texts.createReview(reviewed.name)}
          operations={made.operations}
          saveText={texts.create}
          onClose={() => setReviewed(undefined)}
          onSaved={() => {
            keep(undefined)
            if (made.rest) keepDraft(draftKey(reviewed.name), made.rest)
            go(to(['groups', reviewed.name]))
          }}
        >
          {made.left > 0 && <p>{texts.tooMany(made.left)}</p>}
        </Review>
      )}
    </Page>
  )
}
