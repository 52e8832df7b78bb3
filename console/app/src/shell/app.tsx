import { isRefused } from '../api/problem'
import { useRights } from '../api/queries'
import { useRoute } from '../lib/route'
import { Loading } from '../ui/page'
import { ProblemBox } from '../ui/problem'
import style from './app.module.css'
import { Boundary } from './boundary'
import { News } from './news'
import { RightsProvider } from './rights'
import { ScreenOf } from './screens'
import { SignIn } from './sign-in'
import { texts } from './text'
import { TopBar } from './top-bar'

export function App() {
  const rights = useRights()
  const { parts } = useRoute()
  if (isRefused(rights.error, 'unauthenticated')) return <SignIn onSignedIn={() => void rights.refetch()} />
  return (
    <RightsProvider value={rights.data}>
      <a
        className={style.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault() // the hash is the address of a screen
          document.getElementById('main')?.focus()
        }}
      >
        {texts.skip}
      </a>
      <TopBar screen={parts[0] ?? ''} />
      <main id="main" tabIndex={-1} className={style.main} data-wide={parts[0] === 'matrix' || undefined}>
        <News />
        {rights.error ? (
          <ProblemBox error={rights.error} onRetry={() => void rights.refetch()} />
        ) : (
          <Boundary key={parts.join('/')}>{rights.data ? <ScreenOf parts={parts} /> : <Loading />}</Boundary>
        )}
      </main>
    </RightsProvider>
  )
}
