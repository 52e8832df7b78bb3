import createClient from 'openapi-fetch'
import { host, token } from '../lib/session'
import type { Operation } from './operation'
import { refusedFrom, Unreachable, type Schemas } from './problem'
import type { paths } from './schema'

/** The admin REST API. Its calls throw Refused for every answer that is no success, and Unreachable without one. */
export const api = createClient<paths>({
  baseUrl: host.api,
  credentials: 'same-origin',
  fetch: async (request) => {
    try {
      return await fetch(request)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new Unreachable()
    }
  },
})

api.use({
  onRequest({ request }) {
    const bearer = token()
    if (bearer) request.headers.set('Authorization', `Bearer ${bearer}`)
    return request
  },
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await refusedFrom(response)
  },
})

/** Data returns the body of an answer, which api has checked to be a success. */
export function data<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw new Error('The answer has no body.')
  return answer.data
}

/** Etag returns the version that a conditional write has to name. */
export function etag(answer: { response: Response }): string {
  return answer.response.headers.get('ETag') ?? ''
}

interface Page<T> {
  items: T[]
  next_cursor?: string
}

/** EveryPage follows a list to its end. */
export async function everyPage<P extends Page<unknown>>(page: (cursor: string | undefined) => Promise<P>): Promise<P[]> {
  const pages: P[] = []
  let cursor: string | undefined
  do {
    const next = await page(cursor)
    pages.push(next)
    cursor = next.next_cursor
  } while (cursor)
  return pages
}

export { path, type Operation } from './operation'
export type Change = Schemas['Change']

interface Send {
  reason?: string
  key?: string // makes it safe to send the same again
  dryRun?: boolean
  signal?: AbortSignal
}

/** ReasonHeader carries a reason in any language: headers have only Latin-1. */
export const reasonHeader = (reason: string | undefined): Record<string, string> =>
  reason ? { 'Rightful-Reason': encodeURIComponent(reason) } : {}

/** Send carries out operations as one change, or shows what they would change. */
export async function send(operations: Operation[], { reason, key, dryRun, signal }: Send): Promise<Change> {
  const header = reasonHeader(reason)
  if (key) header['Idempotency-Key'] = key
  return data(
    await api.POST('/changes', {
      params: { query: dryRun ? { dry_run: true } : {} },
      headers: header,
      body: { operations },
      signal,
    }),
  )
}
