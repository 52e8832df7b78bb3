import { useState } from 'react'
import { Button } from './button'
import { texts } from './text'

/** Copy copies a text, such as a command, and says that it has done so. What names the text for screen readers. */
export function Copy({ text, what }: { text: string; what?: string }) {
  const [copied, setCopied] = useState(false)
  async function copy() {
    if (await toClipboard(text)) {
      setCopied(true)
      setTimeout(() => setCopied(false), 3000)
    }
  }
  const label = copied ? texts.copied : texts.copy
  return (
    <Button look="quiet" aria-label={what ? `${label}: ${what}` : undefined} onClick={() => void copy()}>
      <span role="status">{label}</span>
    </Button>
  )
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Without TLS, browsers have no clipboard but the one of old.
  }
  const field = document.createElement('textarea')
  field.value = text
  field.setAttribute('readonly', '')
  document.body.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  return done
}
