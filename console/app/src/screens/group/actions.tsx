import { to } from '../../lib/route'
import { useMyRights } from '../../shell/rights'
import { Button, LinkButton } from '../../ui/button'
import { texts } from './text'
import type { Group } from './use-group-draft'

/** Actions on a group: those that the signed-in person may take. */
export function Actions({ group, onEdit, onDelete }: { group: Group; onEdit: () => void; onDelete: () => void }) {
  const rights = useMyRights()
  return (
    <>
      {group.allowed?.includes('update') && <Button onClick={onEdit}>{texts.edit}</Button>}
      {rights.may('groups:create') && !group.protected && <LinkButton href={to(['new-group'], { from: group.name })}>{texts.clone}</LinkButton>}
      <LinkButton href={to(['compare-groups'], { a: group.name })}>{texts.compare}</LinkButton>
      <LinkButton href={to(['groups', group.name], { view: 'print' })}>{texts.print}</LinkButton>
      {group.allowed?.includes('delete') && (
        <Button look="danger" onClick={onDelete}>
          {texts.delete}
        </Button>
      )}
    </>
  )
}
