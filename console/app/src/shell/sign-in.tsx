import { useState } from 'react'
import { host, keepToken } from '../lib/session'
import { Button, LinkButton } from '../ui/button'
import { TextField } from '../ui/field'
import { Card } from '../ui/page'
import style from './sign-in.module.css'
import { texts } from './text'

/** SignIn is what someone sees who isn't signed in: the way to the host's own sign-in, or a field for a token. */
export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  return (
    <main className={style.main}>
      <h1>{texts.signIn}</h1>
      <Card>
        <p>{texts.signInFirst}</p>
        {host.signIn && (
          <p className={style.ways}>
            <LinkButton look="primary" href={signInAddress()}>
              {texts.signIn}
            </LinkButton>
            <Button onClick={onSignedIn}>{texts.again}</Button>
          </p>
        )}
        {host.tokenKey && <TokenForm onSignedIn={onSignedIn} />}
        {!host.signIn && !host.tokenKey && <Button onClick={onSignedIn}>{texts.again}</Button>}
      </Card>
    </main>
  )
}

/** The host's sign-in page, told where to return to. */
function signInAddress(): string {
  const address = new URL(host.signIn, location.href)
  address.searchParams.set('return', location.pathname + location.hash)
  return address.href
}

function TokenForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [value, setValue] = useState('')
  return (
    <form
      className={style.form}
      onSubmit={(event) => {
        event.preventDefault()
        keepToken(value.trim())
        onSignedIn()
      }}
    >
      <TextField label={texts.token} hint={texts.tokenHint} autoComplete="off" required value={value} onChange={(event) => setValue(event.target.value)} />
      <Button type="submit" look="primary">
        {texts.signIn}
      </Button>
    </form>
  )
}
