import { useEffect, useRef } from 'react'

/** UseLater calls a function with the last value that was given, once none has come for some time: for searches while someone types. */
export function useLater<T>(call: (value: T) => void, milliseconds = 300): (value: T) => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const last = useRef(call)
  useEffect(() => {
    last.current = call
  }, [call])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (value) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => last.current(value), milliseconds)
  }
}
