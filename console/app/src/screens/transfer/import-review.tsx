import { useMemo, useState } from 'react'
import type { Change } from '../../api/client'
import { ReviewOf } from '../../review/review'
import { CheckField } from '../../ui/checkbox'
import { Warning } from '../../ui/warning'
import { linesOf } from './lines'
import { importPolicy, type Mode } from './requests'
import { texts } from './text'

interface Props {
  change: Change // what the check found
  file: Blob
  text: string
  mode: Mode
  onClose: () => void
  onSaved: (change: Change) => void
}

/** ImportReview shows what an import changes. Replacing shows losses first, and asks to have them seen before it can be saved. */
export function ImportReview({ change, file, text, mode, onClose, onSaved }: Props) {
  const [seen, setSeen] = useState(false)
  const lines = useMemo(() => linesOf(text, change.added), [text, change])
  const replaces = mode === 'replace'
  const loses = replaces && (change.removed_count > 0 || (change.loss_count ?? 0) > 0)
  return (
    <ReviewOf
      title={replaces ? texts.reviewReplace : texts.reviewMerge}
      subject={`import ${mode}`}
      preview={() => Promise.resolve(change)}
      save={(reason) => importPolicy(file, { mode, dryRun: false, reason })}
      saveText={replaces ? texts.replaceNow : texts.importNow}
      lineOf={(rule) => lines.get(rule)}
      danger={replaces}
      lossesFirst={replaces}
      blocked={loses && !seen}
      confirm={() => loses && <CheckField label={texts.seen} hint={texts.seenHint(change.removed_count)} checked={seen} onChange={setSeen} />}
      onClose={onClose}
      onSaved={onSaved}
    >
      {loses && <Warning>{texts.loses(change.removed_count, change.loss_count)}</Warning>}
      {change.dropped_ends !== undefined && <Warning>{texts.droppedEnds(change.dropped_ends)}</Warning>}
      {change.left_out !== undefined && <p>{texts.leftOut(change.left_out)}</p>}
    </ReviewOf>
  )
}
