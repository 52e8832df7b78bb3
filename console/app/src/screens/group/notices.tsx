import { useGroupRules } from '../../api/queries'
import { to } from '../../lib/route'
import { Needs } from '../../shell/needs'
import { Warning } from '../../ui/warning'
import style from './group.module.css'
import { texts } from './text'
import type { Group } from './use-group-draft'

/** Notices say why something isn't offered, or that something is wrong with the group. */
export function Notices({ group }: { group: Group }) {
  const rules = useGroupRules(group.name)
  const allowed = group.allowed ?? []
  return (
    <>
      {group.protected && <p className={style.lock}>{texts.protectedWhy}</p>}
      {!group.protected && !allowed.includes('update') && (
        <Needs why={allowed.includes('assign') ? texts.membersOnly : texts.readOnly} permission="groups:update" />
      )}
      {rules.data?.some((item) => item.badRow) && (
        <div className={style.notice}>
          <Warning role="alert">
            {texts.badRow} <a href={to(['status'])}>{texts.badRowLook}</a>
          </Warning>
        </div>
      )}
      {group.permissions.grant_count !== undefined && (
        <div className={style.notice}>
          <Warning>{texts.incomplete(group.permissions.grant_count + (group.permissions.restriction_count ?? 0))}</Warning>
        </div>
      )}
    </>
  )
}
