import { useDeferredValue, useMemo, useState } from 'react'
import { all, filter, matching, tree, type Category, type Entry } from '../../lib/catalog'
import { apply, noDelta, type Delta } from '../../lib/delta'
import { Button } from '../../ui/button'
import { Empty, Loading } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { CategoryRows, type Tools } from './category'
import type { Version } from './draft'
import { free, inheritedStatus, statuses, type Status } from './held'
import { Jump } from './jump'
import { OtherRules } from './other-rules'
import style from './permissions.module.css'
import { moveByArrows } from './rows'
import { texts } from './text'
import { Toolbar, type Show } from './toolbar'
import type { Edit, SetRule } from './use-group-draft'
import { useSources } from './use-rules'
import { keyOf, place, wildcardOf } from './wildcards'

interface Props {
  now: Version
  inherits: string[]
  delta?: Delta
  catalog: Entry[]
  may: boolean
  setRule: SetRule
  change: Edit
}

/** Permissions shows the whole catalog by category: what the group grants, inherits and restricts. */
export function Permissions({ now, inherits, delta = noDelta, catalog, may, setRule, change }: Props) {
  const [typed, setTyped] = useState('')
  const [show, setShow] = useState<Show>('all')
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const search = useDeferredValue(typed.trim())
  const { sources, error } = useSources(now.name, inherits, inherits !== now.inherits)

  const rules = useMemo(() => apply(delta, now.rules), [delta, now])
  const inherited = useMemo(() => sources && new Map(catalog.map((entry) => [entry.permission, inheritedStatus(entry.permission, sources)])), [catalog, sources])
  const status = useMemo(() => inherited && statuses(inherited, rules), [inherited, rules])
  const had = useMemo(() => ({ grants: new Set(now.rules.grants), restrictions: new Set(now.rules.restrictions) }), [now])
  const categories = useMemo(() => tree(catalog), [catalog])
  const found = useMemo(() => (search ? filter(categories, matching(search)) : categories), [categories, search])
  const whole = useDeferredValue(true, false) // the first screenful is painted before the rest is made
  const shown = show === 'all' || !status ? found : only(found, (entry) => matches(show, status.get(entry.permission), entry.permission, delta))
  // Rules that the draft takes away keep their rows until it is saved.
  const patterns = useMemo(() => [...new Set([...now.rules.grants, ...now.rules.restrictions, ...rules.grants, ...rules.restrictions])], [now, rules])
  const placed = useMemo(() => place(catalog, patterns), [catalog, patterns])
  const offered = useMemo(() => (may ? offers(categories) : new Map<string, string>()), [categories, may])

  if (error && !status) return <ProblemBox error={error} />
  if (!status) return <Loading />

  const narrowed = search !== '' || show !== 'all'
  const listed = shown.flatMap(all)
  const selectable = listed.map((entry) => entry.permission).filter((permission) => free(status.get(permission)) && !status.get(permission)?.direct)
  const setMany = (permissions: string[], on: boolean) => change((draft) => ({ ...draft, delta: setGrants(draft.delta, had.grants, permissions, on) }))
  const tools: Tools = {
    catalog, status, had, rules, may, setRule, setMany, closed, placed, offered: narrowed ? new Map() : offered,
    isOpen: (key) => narrowed || !closed.has(key),
    toggle: (key) => setClosed((keys) => (keys.has(key) ? new Set([...keys].filter((k) => k !== key)) : new Set([...keys, key]))),
  }
  const clear = () => (setTyped(''), setShow('all'))
  return (
    <div className={style.layout}>
      <div className={style.main}>
        <Toolbar
          typed={typed}
          onType={setTyped}
          show={show}
          onShow={setShow}
          found={narrowed ? listed.length : undefined}
          selectable={search && may ? selectable.length : 0}
          onSelect={() => setMany(selectable, true)}
        >
          {!narrowed && categories.length > 1 && (
            <Button look="quiet" className={style.openAll} onClick={() => setClosed(closed.size > 0 ? new Set() : new Set(categories.map((category) => keyOf(category.path))))}>
              {closed.size > 0 ? texts.expand : texts.collapse}
            </Button>
          )}
        </Toolbar>
        <div onKeyDown={moveByArrows} className={style.catalog}>
          {(whole ? shown : firstScreen(shown)).map((category) => (
            <CategoryRows key={keyOf(category.path)} category={category} depth={0} tools={tools} />
          ))}
        </div>
        {catalog.length === 0 && <Empty>{texts.emptyCatalog}</Empty>}
        {narrowed && listed.length === 0 && (
          <Empty>
            <p>{search ? texts.nothingFound(search) : texts.nothingShown}</p>
            <Button onClick={clear}>{texts.clear}</Button>
          </Empty>
        )}
        {!narrowed && <OtherRules patterns={placed.elsewhere} tools={tools} />}
      </div>
      <Jump categories={categories} status={status} onJump={clear} />
    </div>
  )
}

const rowsOfScreen = 60

/** FirstScreen is the categories that are seen before someone scrolls. */
function firstScreen(categories: Category[]): Category[] {
  let rows = 0
  return categories.filter((category) => {
    const seen = rows < rowsOfScreen
    rows += all(category).length
    return seen
  })
}

/** Only keeps the permissions that pass, and the categories that lead there. */
function only(categories: Category[], passes: (entry: Entry) => boolean): Category[] {
  return categories.flatMap((category) => {
    const entries = category.entries.filter(passes)
    const inside = only(category.inside, passes)
    return entries.length + inside.length > 0 ? [{ ...category, entries, inside }] : []
  })
}

function matches(show: Show, status: Status | undefined, permission: string, { grant, revoke, restrict, lift }: Delta): boolean {
  if (show === 'held') return status?.held ?? false
  if (show === 'restricted') return status?.denied ?? false
  return [grant, revoke, restrict, lift].some((list) => list.includes(permission))
}

/** Offers are the wildcards that can be chosen for whole categories: each once, at the outermost category that it is of. */
function offers(categories: Category[], taken = new Set<string>()): Map<string, string> {
  const found = new Map<string, string>()
  for (const category of categories) {
    const pattern = category.path.length > 0 ? wildcardOf(category) : undefined
    if (pattern && !taken.has(pattern)) {
      taken.add(pattern)
      found.set(keyOf(category.path), pattern)
    }
    for (const [key, inside] of offers(category.inside, taken)) found.set(key, inside)
  }
  return found
}

/** SetGrants ticks or unticks many permissions at once. */
function setGrants(delta: Delta, had: ReadonlySet<string>, permissions: string[], on: boolean): Delta {
  const set = new Set(permissions)
  const grant = delta.grant.filter((permission) => !set.has(permission))
  const revoke = delta.revoke.filter((permission) => !set.has(permission))
  const changed = permissions.filter((permission) => had.has(permission) !== on)
  return { ...delta, grant: on ? [...grant, ...changed] : grant, revoke: on ? revoke : [...revoke, ...changed] }
}

