import { all, type Category, type Entry } from '../../lib/catalog'
import type { Rules } from '../../lib/delta'
import { split } from '../../lib/patterns'
import { Checkbox } from '../../ui/checkbox'
import { free, type Status } from './held'
import style from './permissions.module.css'
import { PermissionRow, WildcardRow } from './rows'
import { texts } from './text'
import type { SetRule } from './use-group-draft'
import { coverage, keyOf, type Placed } from './wildcards'

/** Tools are what all rows of the catalog need. */
export interface Tools {
  catalog: Entry[]
  status: ReadonlyMap<string, Status>
  had: { grants: ReadonlySet<string>; restrictions: ReadonlySet<string> } // before the draft
  rules: Rules // with the draft
  may: boolean
  setRule: SetRule
  setMany: (permissions: string[], on: boolean) => void
  closed: ReadonlySet<string>
  placed: Placed
  offered: ReadonlyMap<string, string>
  isOpen: (key: string) => boolean
  toggle: (key: string) => void
}

/** CategoryRows shows a category with its permissions and the categories inside. */
export function CategoryRows({ category, depth, tools }: { category: Category; depth: number; tools: Tools }) {
  const key = keyOf(category.path)
  const name = category.name || texts.without
  const open = tools.isOpen(key)
  const Heading = depth === 0 ? 'h2' : 'h3'
  const wildcards = [...new Set([...(tools.offered.has(key) ? [tools.offered.get(key)!] : []), ...(tools.placed.at.get(key) ?? [])])]
  return (
    <section className={style.category} data-depth={Math.min(depth, 3)} data-category={key} aria-label={key || name}>
      <div className={style.head}>
        <WholeCategory name={name} permissions={all(category).map((entry) => entry.permission)} tools={tools} />
        <Heading className={style.heading}>
          <button type="button" className={style.twist} aria-expanded={open} onClick={() => tools.toggle(key)}>
            {name}
          </button>
        </Heading>
        <Count category={category} status={tools.status} />
      </div>
      {open && (
        <>
          {wildcards.length + category.entries.length > 0 && (
            <ul>
              {wildcards.map((pattern) => (
                <Wildcard key={pattern} pattern={pattern} category={category} isWhole={pattern === tools.offered.get(key)} tools={tools} />
              ))}
              {category.entries.map((entry) => (
                <Permission key={entry.permission} entry={entry} tools={tools} />
              ))}
            </ul>
          )}
          {category.inside.map((inside) => (
            <CategoryRows key={keyOf(inside.path)} category={inside} depth={depth + 1} tools={tools} />
          ))}
        </>
      )}
    </section>
  )
}

/** WholeCategory ticks what a tick decides over: not what a wildcard or another group grants anyway, nor what is restricted. */
function WholeCategory({ name, permissions, tools }: { name: string; permissions: string[]; tools: Tools }) {
  const held = permissions.filter((permission) => tools.status.get(permission)?.held).length
  const decided = permissions.filter((permission) => free(tools.status.get(permission)))
  const missing = decided.some((permission) => !tools.status.get(permission)?.direct)
  return (
    <span className={style.box}>
      <Checkbox
        aria-label={texts.allOf(name)}
        checked={held === permissions.length}
        mixed={held > 0 && held < permissions.length}
        disabled={!tools.may || decided.length === 0}
        onChange={() => tools.setMany(decided, missing)}
      />
    </span>
  )
}

export function Count({ category, status }: { category: Category; status: ReadonlyMap<string, Status> }) {
  const permissions = all(category)
  return <span className={style.count}>{texts.held(permissions.filter((entry) => status.get(entry.permission)?.held).length, permissions.length)}</span>
}

function Permission({ entry, tools: { status, had, may, setRule } }: { entry: Entry; tools: Tools }) {
  const { direct, wildcard, from, by, path, restricted, ownRestriction, restrictedFrom, restrictedBy } = status.get(entry.permission)!
  return (
    <PermissionRow
      code={entry.permission}
      label={entry.label}
      direct={direct}
      wildcard={wildcard}
      from={from}
      by={by}
      path={path && keyOf(path)}
      restricted={restricted}
      restrictedBy={ownRestriction ?? restrictedBy}
      restrictedFrom={ownRestriction ? undefined : restrictedFrom}
      wasGranted={had.grants.has(entry.permission)}
      wasRestricted={had.restrictions.has(entry.permission)}
      may={may}
      setRule={setRule}
    />
  )
}

function Wildcard({ pattern, category, isWhole, tools }: { pattern: string; category: Category; isWhole: boolean; tools: Tools }) {
  const [, action] = split(pattern)
  const covered = coverage(tools.catalog, pattern)
  const outside = covered.filter((entry) => !category.path.every((part, i) => entry.category[i] === part)).length
  return (
    <WildcardRow
      code={pattern}
      label={isWhole ? texts.future(category.name) : action === '*' ? texts.futureOther : texts.futureAction(action, category.name)}
      detail={[texts.covers(covered.length), outside > 0 && texts.coversOutside(outside)].filter(Boolean).join(', ')}
      direct={tools.rules.grants.includes(pattern)}
      restricted={tools.rules.restrictions.includes(pattern)}
      wasGranted={tools.had.grants.has(pattern)}
      wasRestricted={tools.had.restrictions.has(pattern)}
      may={tools.may}
      setRule={tools.setRule}
    />
  )
}
