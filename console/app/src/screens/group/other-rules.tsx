import { isWildcard } from '../../lib/patterns'
import { PermissionField } from '../../ui/permission-field'
import { Card } from '../../ui/page'
import type { Tools } from './category'
import style from './permissions.module.css'
import { WildcardRow } from './rows'
import { texts } from './text'
import { coverage } from './wildcards'

/** OtherRules are the rules that have no place in the catalog. They are always shown, so that nobody saves over what isn't seen. */
export function OtherRules({ patterns, tools }: { patterns: string[]; tools: Tools }) {
  const { had, rules, may, setRule } = tools
  if (patterns.length === 0 && !may) return null
  return (
    <div className={style.other}>
      <Card title={texts.otherRules}>
        <p className={style.quiet}>{texts.otherRulesLead}</p>
        {patterns.length > 0 && (
          <ul className={style.rows}>
            {patterns.map((pattern) => (
              <WildcardRow
                key={pattern}
                code={pattern}
                label={isWildcard(pattern) ? texts.futureOther : pattern}
                detail={detail(pattern, tools)}
                direct={rules.grants.includes(pattern)}
                restricted={rules.restrictions.includes(pattern)}
                wasGranted={had.grants.has(pattern)}
                wasRestricted={had.restrictions.has(pattern)}
                may={may}
                setRule={setRule}
              />
            ))}
          </ul>
        )}
        {may && (
          <PermissionField label={texts.addRule} hint={texts.addRuleHint} patterns taken={rules.grants} onChoose={(pattern) => setRule('grant', pattern, true)} />
        )}
      </Card>
    </div>
  )
}

function detail(pattern: string, { catalog }: Tools): string {
  if (!isWildcard(pattern)) return texts.unknown
  const covered = coverage(catalog, pattern).length
  return covered === 0 ? texts.coversNothing : texts.covers(covered)
}
