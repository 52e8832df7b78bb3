import { path } from '../../api/client'
import { useAllRules } from '../../api/queries'
import { list } from '../../lib/format'
import { Review } from '../../review/review'
import { Needs } from '../../shell/needs'
import { useMyRights } from '../../shell/rights'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Loading } from '../../ui/page'
import { texts } from './text'
import type { Group } from './use-group-draft'

/** DeleteGroup shows what deleting the group would do, or why it can't be deleted. */
export function DeleteGroup({ group, onClose, onDeleted }: { group: Group; onClose: () => void; onDeleted: () => void }) {
  const rights = useMyRights()
  const rules = useAllRules()
  const heirs = rules.data?.filter((item) => item.inherits.includes(group.name)).map((item) => item.group) ?? []
  const stuck = group.member_count > 0 && !rights.may('users:update')
  const title = texts.deleteTitle(group.name)
  if (rules.isPending || heirs.length > 0 || stuck) {
    return (
      <Dialog title={title} onClose={onClose} actions={<Button onClick={onClose}>{texts.deleteCancel}</Button>}>
        {rules.isPending ? <Loading /> : heirs.length > 0 ? <p>{texts.deleteInherited(list(heirs))}</p> : <Needs why={texts.deleteRelease} permission="users:update" />}
      </Dialog>
    )
  }
  return (
    <Review
      title={title}
      operations={[{ method: 'DELETE', path: path('groups', group.name) + (group.member_count > 0 ? '?members=release' : ''), if_match: group.etag }]}
      danger
      saveText={texts.deleteSave}
      cancelText={texts.deleteCancel}
      onClose={onClose}
      onSaved={onDeleted}
    >
      {group.member_count > 0 && <p>{texts.deleteMembers(group.member_count)}</p>}
    </Review>
  )
}
