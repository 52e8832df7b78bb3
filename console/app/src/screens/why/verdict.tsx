import type { Schemas } from '../../api/problem'
import { to } from '../../lib/route'
import { Badge } from '../../ui/badge'
import { Card } from '../../ui/page'
import { PermissionItem } from './permission-item'
import { texts } from './text'
import style from './why.module.css'

interface Props {
  explanation: Schemas['Explanation']
  who: string
  allowed: boolean
  oneIsEnough: boolean
  denial?: Schemas['Denial']
}

/** Verdict is a checklist of permissions, with where each comes from. */
export function Verdict({ explanation, who, allowed, oneIsEnough, denial }: Props) {
  const missing = explanation.permissions.filter((permission) => !permission.allowed).length
  const title = allowed ? (denial ? texts.allowed(who) : texts.allowedPlain(who)) : oneIsEnough ? texts.lacksOne(who) : texts.lacks(who, missing)
  return (
    <Card title={title} aside={denial && <Badge tone={allowed ? 'good' : 'bad'}>{allowed ? texts.nowAllowed : texts.stillRefused}</Badge>}>
      {allowed && denial?.allowed_since !== undefined && (
        <p>
          {texts.allowedSince} <a href={to(['changes', String(denial.allowed_since)])}>{texts.change(denial.allowed_since)}</a>.
        </p>
      )}
      {!explanation.known && <p>{texts.unknownUser(who)}</p>}
      <ul className={style.checklist}>
        {explanation.permissions.map((permission) => (
          <PermissionItem key={permission.permission} permission={permission} blocked={explanation.bad_row_count !== undefined} />
        ))}
      </ul>
      {!allowed && explanation.looked_back_to !== undefined && <p className={style.quiet}>{texts.lookedBack(explanation.looked_back_to)}</p>}
    </Card>
  )
}
