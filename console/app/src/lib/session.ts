/** What the server tells the page about its host, in meta elements. Empty where the host gave nothing. */
function setting(name: string): string {
  const value = document.querySelector<HTMLMetaElement>(`meta[name=rightful-${name}]`)?.content ?? ''
  return value.startsWith('{{') ? '' : value // Vite's own server fills in nothing
}

export const host = {
  api: setting('api') || '/api/v1',
  signIn: setting('sign-in'),
  home: setting('home'),
  tokenKey: setting('token'),
}

/** Token is the bearer token that the host's pages keep, or undefined for hosts that use a cookie. */
export function token(): string | undefined {
  if (!host.tokenKey) return undefined
  return sessionStorage.getItem(host.tokenKey) ?? localStorage.getItem(host.tokenKey) ?? undefined
}

/** KeepToken keeps a token that someone pasted, until the tab is closed. */
export function keepToken(value: string) {
  sessionStorage.setItem(host.tokenKey, value)
}
