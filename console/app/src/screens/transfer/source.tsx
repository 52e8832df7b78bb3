import { useId, useRef, useState, type RefObject } from 'react'
import { number, size } from '../../lib/format'
import { Button } from '../../ui/button'
import { Field, inputClass } from '../../ui/field'
import { classes } from '../../ui/classes'
import { Numbered } from './numbered'
import { largestFile } from './requests'
import { texts } from './text'
import style from './transfer.module.css'

/** Source is what is imported: a text that can be edited here, or a file too large for that. */
export interface Source {
  text: string
  file?: File
}

/** A text of this length is edited, and kept over a reload. */
const editable = 200_000

interface Props {
  source: Source
  onChange: (source: Source) => void
  area: RefObject<HTMLTextAreaElement | null>
  wrong: number[] // the lines that have errors
}

export function SourceFields({ source, onChange, area, wrong }: Props) {
  const fileId = useId()
  const input = useRef<HTMLInputElement>(null)
  const [error, setError] = useState('')
  async function choose(file: File | undefined) {
    setError('')
    if (!file) return
    if (file.size > largestFile) setError(texts.tooLarge(size(file.size)))
    else onChange(await read(file))
    if (input.current) input.current.value = '' // the same file can be chosen again when it has been corrected
  }
  return (
    <>
      <div
        className={style.drop}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault()
          void choose(event.dataTransfer.files[0])
        }}
      >
        <label htmlFor={fileId}>{texts.chooseFile}</label>
        <input
          ref={input}
          id={fileId}
          type="file"
          accept=".csv,.txt,text/csv,text/plain"
          aria-describedby={fileId + 'told'}
          aria-invalid={error ? true : undefined}
          onChange={(event) => void choose(event.target.files?.[0])}
        />
        <p id={fileId + 'told'} className={error ? style.error : style.quiet}>
          {error || texts.fileHint}
        </p>
      </div>
      {source.file ? (
        <p className={style.line}>
          <strong>{source.file.name}</strong> {size(source.file.size)}
          <Button onClick={() => onChange({ text: '' })}>{texts.removeFile}</Button>
        </p>
      ) : (
        <Field label={texts.paste} hint={source.text ? texts.lines(number(source.text.trimEnd().split('\n').length)) : texts.pasteHint}>
          {(ids) => (
            <Numbered text={source.text} wrong={wrong} area={area}>
              <textarea
                {...ids}
                ref={area}
                rows={10}
                wrap="off"
                spellCheck={false}
                autoComplete="off"
                className={classes(inputClass, style.area)}
                value={source.text}
                onChange={(event) => onChange({ text: event.target.value })}
              />
            </Numbered>
          )}
        </Field>
      )}
    </>
  )
}

/** Read makes a text of a file that is small and UTF-8. Of others, the server says what is wrong. */
async function read(file: File): Promise<Source> {
  if (file.size > editable) return { text: '', file }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    return { text: text.replaceAll('\r\n', '\n') }
  } catch {
    return { text: '', file }
  }
}

/** Kept is what a reload keeps of a source. */
export const kept = (source: Source) => (source.text && source.text.length <= editable ? source.text : undefined)
