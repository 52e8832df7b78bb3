import { lazy, Suspense, type ReactNode } from 'react'
import { isRefused } from '../api/problem'
import { useRights } from '../api/queries'
import { useRoute } from '../lib/route'
import { Loading } from '../ui/page'
import { ProblemBox } from '../ui/problem'
import style from './app.module.css'
import { Boundary } from './boundary'
import { News } from './news'
import { places } from './places'
import { RightsProvider } from './rights'
import { SignIn } from './sign-in'
import { texts } from './text'
import { TopBar } from './top-bar'

const Groups = lazy(() => import('../screens/groups/groups'))
const NewGroup = lazy(() => import('../screens/groups/new-group'))
const CompareGroups = lazy(() => import('../screens/groups/compare-groups'))
const Group = lazy(() => import('../screens/group/group'))
const Users = lazy(() => import('../screens/users/users'))
const CompareUsers = lazy(() => import('../screens/users/compare-users'))
const User = lazy(() => import('../screens/user/user'))
const Why = lazy(() => import('../screens/why/why'))
const Denial = lazy(() => import('../screens/why/denial'))
const Matrix = lazy(() => import('../screens/matrix/matrix'))
const Changes = lazy(() => import('../screens/changes/changes'))
const ChangePage = lazy(() => import('../screens/changes/change-page'))
const Transfer = lazy(() => import('../screens/transfer/transfer'))
const Status = lazy(() => import('../screens/status/status'))

/** Screen chooses by the address. The key makes another group or user another screen. */
function screen([place, name]: string[]): ReactNode {
  switch (place) {
    case 'new-group':
      return <NewGroup />
    case 'compare-groups':
      return <CompareGroups />
    case 'groups':
      return name === undefined ? <Groups /> : <Group key={name} name={name} />
    case 'compare-users':
      return <CompareUsers />
    case 'users':
      return name === undefined ? <Users /> : <User key={name} id={name} />
    case 'why':
      return name === undefined ? <Why /> : <Denial key={name} id={name} />
    case 'matrix':
      return <Matrix />
    case 'changes':
      return name === undefined ? <Changes /> : <ChangePage key={name} revision={Number(name)} />
    case 'transfer':
      return <Transfer />
    case 'status':
      return <Status />
    default:
      return <Groups />
  }
}

export function App() {
  const rights = useRights()
  const { parts } = useRoute()
  if (isRefused(rights.error, 'unauthenticated')) return <SignIn onSignedIn={() => void rights.refetch()} />
  const place = places.find((p) => p.screens.includes(parts[0] ?? ''))?.id ?? 'groups'
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
      <TopBar place={place} />
      <main id="main" tabIndex={-1} className={style.main} data-wide={place === 'matrix' || undefined}>
        <News />
        {rights.error ? (
          <ProblemBox error={rights.error} onRetry={() => void rights.refetch()} />
        ) : (
          <Boundary key={parts.join('/')}>
            <Suspense fallback={<Loading />}>{rights.data ? screen(parts) : <Loading />}</Suspense>
          </Boundary>
        )}
      </main>
    </RightsProvider>
  )
}
