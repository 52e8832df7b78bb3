// What tests do to the policy, or ask of it, without the console: as another person would.
import { password } from './host.mjs'

/** As signs someone in at the back office and returns a function that sends requests as them. */
export async function as(host, user) {
  const answer = await fetch(host.address + '/login', { method: 'POST', body: new URLSearchParams({ user, password }), headers: { Accept: 'application/json' } })
  const { token } = await answer.json()
  return async (method, path, body) => {
    const isText = typeof body === 'string'
    const answer = await fetch(host.address + path, {
      method,
      headers: { Accept: 'application/json', Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': isText ? 'text/csv' : 'application/json' }) },
      body: isText || !body ? body : JSON.stringify(body),
    })
    const text = await answer.text()
    return { status: answer.status, body: text && answer.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : text }
  }
}
