import { useState } from 'react'
import { Button } from '../../ui/button'
import { TextField } from '../../ui/field'
import { texts } from './text'
import style from './why.module.css'

const anId = /\b[A-Z2-7]{26}\b/

/** IdIn finds a denial's id in what was pasted, which may be the whole text of a 403 page. */
export const idIn = (text: string) => anId.exec(text.toUpperCase())?.[0] ?? text.trim()

export function AskById({ onAsk }: { onAsk: (id: string) => void }) {
  const [text, setText] = useState('')
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim()) onAsk(idIn(text))
      }}
    >
      <TextField label={texts.id} hint={texts.idHint} required autoComplete="off" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
      <Button type="submit" look="primary">
        {texts.explain}
      </Button>
    </form>
  )
}
