import { useEffect, useState, type ComponentType } from 'react'
import { Loading } from './page'

export interface Lazy<P> {
  (props: P): React.ReactNode
  load: () => Promise<void>
}

/** Lazy makes a component of a file that is loaded when it is first shown. React's own isn't used: what it shows meanwhile stays for 300 ms at least. */
export function lazy<P extends object>(read: () => Promise<{ default: ComponentType<P> }>): Lazy<P> {
  let Component: ComponentType<P> | undefined
  const load = async () => {
    Component = (await read()).default
  }
  function Shown(props: P) {
    const [, setLoaded] = useState(false)
    const [failed, setFailed] = useState<unknown>()
    useEffect(() => {
      if (!Component) load().then(() => setLoaded(true), setFailed)
    }, [])
    if (failed) throw failed
    return Component ? <Component {...props} /> : <Loading />
  }
  return Object.assign(Shown, { load })
}
