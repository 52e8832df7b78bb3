import { useCallback, useSyncExternalStore } from 'react'

/** UseMedia reports whether a media query holds, and follows it. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const media = matchMedia(query)
      media.addEventListener('change', changed)
      return () => media.removeEventListener('change', changed)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

/** Narrow is the width of a phone, as the style sheets have it. */
export const narrow = '(width < 44rem)'
