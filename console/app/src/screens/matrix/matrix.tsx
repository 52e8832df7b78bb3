import { useMemo, useState } from 'react'
import type { Operation } from '../../api/client'
import { useAskBeforeLeaving } from '../../lib/draft'
import { number } from '../../lib/format'
import { narrow, useMedia } from '../../lib/media'
import { to, useRoute } from '../../lib/route'
import { ConflictNotice } from '../../review/conflict'
import { Review } from '../../review/review'
import { DraftBar } from '../../ui/draft-bar'
import { Empty, Loading, Page } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Body } from './body'
import { counts } from './draft'
import style from './matrix.module.css'
import { texts } from './text'
import { readView } from './tools'
import { useMatrix } from './use-matrix'

/** The matrix of permissions and groups. */
export default function MatrixPage() {
  const matrix = useMatrix()
  const view = readView(useRoute().query)
  const isNarrow = useMedia(narrow)
  const names = useMemo(() => matrix.saved.map((group) => group.group), [matrix.saved])
  return (
    <Page title={texts.title} lead={matrix.loading ? undefined : isNarrow ? texts.leadNarrow : texts.lead(number(matrix.catalog.length), number(names.length))}>
      {matrix.loading && <Loading />}
      {matrix.error && <ProblemBox error={matrix.error} onRetry={matrix.retry} />}
      {!matrix.loading && !matrix.error && (
        <>
          {matrix.catalog.length === 0 ? (
            <Empty>
              <p>{texts.noCatalog}</p>
              <a href={to(['groups'])}>{texts.toGroups}</a>
            </Empty>
          ) : (
            <Body matrix={matrix} view={view} names={names} isNarrow={isNarrow} />
          )}
          <Saving matrix={matrix} />
        </>
      )}
    </Page>
  )
}

/** Saving is the draft: what it has, what is in its way, and its review. */
function Saving({ matrix }: { matrix: ReturnType<typeof useMatrix> }) {
  const [operations, setOperations] = useState<Operation[]>()
  const [preparing, setPreparing] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  const [saved, setSaved] = useState<number>()
  const { added, removed } = counts(matrix.draft)
  const { conflict } = matrix
  useAskBeforeLeaving(added + removed > 0, matrix.discard)

  async function review() {
    setPreparing(true)
    setFailed(undefined)
    setSaved(undefined)
    try {
      setOperations(await matrix.prepare())
    } catch (error) {
      setFailed(error)
    } finally {
      setPreparing(false)
    }
  }

  const notice = (
    <>
      {conflict && <ConflictNotice yours={conflict.yours} theirs={conflict.theirs} onContinue={matrix.continueOnNew} />}
      {matrix.note && <p>{matrix.note}</p>}
      {failed !== undefined && <ProblemBox error={failed} />}
    </>
  )
  return (
    <>
      <p role="status" className={style.done} hidden={saved === undefined}>
        {saved !== undefined && (
          <>
            {texts.saved} <a href={to(['changes', String(saved)])}>{texts.change(saved)}</a>
          </>
        )}
      </p>
      {added + removed > 0 && (
        <DraftBar
          added={added}
          removed={removed}
          notice={conflict || matrix.note || failed !== undefined ? notice : undefined}
          onDiscard={matrix.discard}
          onReview={() => void review()}
          busy={preparing}
        />
      )}
      {operations && (
        <Review
          title={texts.review(Object.keys(matrix.draft).length)}
          operations={operations}
          onClose={() => setOperations(undefined)}
          onSaved={(change) => {
            setOperations(undefined)
            matrix.discard()
            setSaved(change.revision)
          }}
          onConflict={() => {
            setOperations(undefined)
            matrix.setNote(texts.conflict)
            matrix.refresh()
          }}
        />
      )}
    </>
  )
}
