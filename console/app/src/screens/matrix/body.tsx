import { useMemo, useState } from 'react'
import { Empty } from '../../ui/page'
import { AboutCell, Legend } from './about-cell'
import { Grid, type Place } from './grid'
import { nearest } from './keys'
import { OneGroup } from './one-group'
import { differ, rows as rowsOf } from './rows'
import { flips } from './state'
import { texts } from './text'
import { show, Tools, type View } from './tools'
import type { Matrix } from './use-matrix'

interface Props {
  matrix: Matrix
  view: View
  names: string[]
  isNarrow: boolean
}

/** Body is the part of the matrix that was chosen: a grid, or a list on a phone. */
export function Body({ matrix, view, names, isNarrow }: Props) {
  const { catalog, savedHoldings } = matrix
  const chosen = view.groups.join(',')
  const groups = useMemo(() => {
    const some = chosen.split(',')
    const found = names.filter((name) => some.includes(name))
    return found.length > 0 ? found : names
  }, [names, chosen])
  // What differs is judged by what is saved: a row doesn't vanish under the hand that ticks it.
  const rows = useMemo(
    () => rowsOf(catalog, view.q, (entry) => !view.different || differ(savedHoldings, groups, entry.permission)),
    [catalog, view.q, view.different, savedHoldings, groups],
  )
  const [wanted, setWanted] = useState<Place>({ row: 0, column: 0 })
  const at = { row: nearest(rows, Math.min(wanted.row, rows.length - 1), wanted.row === 0 ? 1 : -1), column: Math.min(wanted.column, groups.length - 1) }
  const found = rows.filter((row) => row.entry).length

  function toggle({ row, column }: Place) {
    const permission = rows[row]?.entry?.permission
    const group = groups[column]
    if (permission === undefined || group === undefined || matrix.fixed(group) !== undefined) return
    if (flips(matrix.holdings.of(group, permission))) matrix.flip(group, permission)
  }

  const entry = rows[at.row]?.entry
  const group = groups[at.column]
  return (
    <>
      <Tools view={view} groups={names} found={found} />
      {found === 0 ? (
        <Empty>
          <p>{view.different && !view.q ? texts.noDifference : texts.nothing}</p>
        </Empty>
      ) : isNarrow ? (
        <OneGroup matrix={matrix} rows={rows} groups={groups} group={groups.includes(view.group) ? view.group : (groups[0] ?? '')} onChoose={(next) => show({ ...view, group: next })} />
      ) : (
        <>
          {entry && group !== undefined && <AboutCell matrix={matrix} group={group} entry={entry} />}
          <Grid key={rows.length === 0 ? 'empty' : 'grid'} matrix={matrix} rows={rows} groups={groups} at={at} onMove={setWanted} onToggle={toggle} />
          <Legend />
        </>
      )}
    </>
  )
}
