import { useEffect, useId, type ReactNode } from 'react'
import { Badge } from './badge'
import { Button } from './button'
import style from './draft-bar.module.css'
import { texts } from './text'

interface Props {
  added?: number
  removed?: number
  changed?: number
  notice?: ReactNode // above the buttons, such as what someone else has changed in the meantime
  onDiscard: () => void
  onReview: () => void
  busy?: boolean
}

/** DraftBar stays at the bottom of the page while there are edits that aren't saved. Control and S reviews them, wherever the focus is. */
export function DraftBar({ added = 0, removed = 0, changed = 0, notice, onDiscard, onReview, busy }: Props) {
  const heading = useId()
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      if (!busy && !document.querySelector('dialog[open]')) onReview()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [busy, onReview])
  return (
    <section aria-labelledby={heading} className={style.bar}>
      <h2 id={heading} className={style.heading}>
        {texts.draft}
      </h2>
      {notice && (
        <div role="status" className={style.notice}>
          {notice}
        </div>
      )}
      <div className={style.line}>
        <p role="status" className={style.counts}>
          {added > 0 && <Badge tone="good">{texts.draftAdded(added)}</Badge>}
          {removed > 0 && <Badge tone="bad">{texts.draftRemoved(removed)}</Badge>}
          {changed > 0 && <Badge tone="accent">{texts.draftChanged(changed)}</Badge>}
          <span>{texts.notSaved}</span>
        </p>
        <div className={style.actions}>
          <Button onClick={onDiscard}>{texts.discard}</Button>
          <Button look="primary" aria-keyshortcuts="Control+S Meta+S" title={texts.reviewKeys} onClick={onReview} busy={busy}>
            {texts.review}
          </Button>
        </div>
      </div>
    </section>
  )
}
