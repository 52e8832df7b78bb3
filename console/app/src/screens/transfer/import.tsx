import { useRef, useState } from 'react'
import type { Change } from '../../api/client'
import { isRefused } from '../../api/problem'
import { useDraft } from '../../lib/draft'
import { to } from '../../lib/route'
import { Button } from '../../ui/button'
import { Card } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { Errors } from './errors'
import { ModeChoice } from './mode'
import { importPolicy, type Mode } from './requests'
import { ImportReview } from './import-review'
import { kept, SourceFields, type Source } from './source'
import { texts } from './text'
import style from './transfer.module.css'

interface Draft {
  text: string
  mode: Mode
}

interface Checked {
  change: Change
  file: Blob
  text: string
}

/** ImportCard checks a file, and shows what it would change before anything is saved. */
export function ImportCard({ replaces }: { replaces: boolean }) {
  const [draft, setDraft] = useDraft<Draft>('import')
  const [source, setSource] = useState<Source>({ text: draft?.text ?? '' })
  const [mode, setMode] = useState<Mode>((replaces && draft?.mode) || 'merge')
  const [checking, setChecking] = useState(false)
  const [checked, setChecked] = useState<Checked>()
  const [failed, setFailed] = useState<{ error: unknown; text: string }>()
  const [saved, setSaved] = useState<Change>()
  const area = useRef<HTMLTextAreaElement>(null)

  function change(next: Source, nextMode = mode) {
    setSource(next)
    setMode(nextMode)
    setFailed(undefined)
    setSaved(undefined)
    const text = kept(next)
    setDraft(text === undefined ? undefined : { text, mode: nextMode })
  }

  async function check() {
    const file = source.file ?? new Blob([source.text])
    const text = source.file ? await source.file.text() : source.text
    setFailed(undefined)
    setChecking(true)
    try {
      setChecked({ change: await importPolicy(file, { mode, dryRun: true }), file, text })
    } catch (error) {
      setFailed({ error, text })
    } finally {
      setChecking(false)
    }
  }

  const wrong = failed && isRefused(failed.error, 'import-rejected') ? (failed.error.problem.errors ?? []).flatMap((e) => e.line ?? []) : []
  const empty = !source.file && source.text.trim() === ''
  return (
    <Card title={texts.import}>
      <p>{texts.importLead}</p>
      <SourceFields source={source} onChange={change} area={area} wrong={wrong} />
      {failed && isRefused(failed.error, 'import-rejected') && (
        <Errors error={failed.error} text={failed.text} onGo={source.file ? undefined : (start, length) => select(area.current, start, length)} />
      )}
      {failed && !isRefused(failed.error, 'import-rejected') && <ProblemBox error={failed.error} onRetry={() => void check()} />}
      <ModeChoice mode={mode} onChange={(next) => change(source, next)} replaces={replaces} />
      <div className={style.line}>
        <Button look="primary" onClick={() => void check()} busy={checking} disabled={empty}>
          {texts.check}
        </Button>
        <div role="status">
          {checking && <Progress />}
          {saved && (
            <p>
              {texts.saved} <a href={to(['changes', String(saved.revision)])}>{texts.change(saved.revision ?? 0)}</a>
            </p>
          )}
        </div>
      </div>
      {checked && (
        <ImportReview
          {...checked}
          mode={mode}
          onClose={() => setChecked(undefined)}
          onSaved={(made) => {
            setChecked(undefined)
            change({ text: '' })
            setSaved(made)
          }}
        />
      )}
    </Card>
  )
}

function Progress() {
  return (
    <>
      <progress aria-label={texts.checking} /> {texts.checking}
    </>
  )
}

/** Select shows a line in the text, where it can be corrected. */
function select(area: HTMLTextAreaElement | null, start: number, length: number) {
  if (!area) return
  area.focus()
  area.setSelectionRange(start, start + length)
  const lines = area.value.slice(0, start).split('\n').length - 1
  area.scrollTop = (lines / area.value.split('\n').length) * area.scrollHeight - area.clientHeight / 2
}
