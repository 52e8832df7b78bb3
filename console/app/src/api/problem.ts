import type { components } from './schema'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

/** Refused is an answer that is no success, with its problem document (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly etag?: string, // the present one, with a conflict
  ) {
    super(problem.detail ?? problem.title)
  }

  /** Type is the problem's type without its prefix, such as "revision-conflict". */
  get type(): string {
    return this.problem.type.replace('urn:rightful:problem:', '')
  }
}

/** Unreachable means that no answer came. */
export class Unreachable extends Error {}

export async function refusedFrom(response: Response): Promise<Refused> {
  const etag = response.headers.get('ETag') ?? undefined
  try {
    const problem: Problem = await response.clone().json()
    if (typeof problem.type === 'string') return new Refused(problem, etag)
  } catch {
    // A proxy answered, or the answer broke off.
  }
  const type = response.status === 401 ? 'urn:rightful:problem:unauthenticated' : 'urn:rightful:problem:internal'
  return new Refused({ type, title: response.statusText, status: response.status, detail: `HTTP ${response.status} ${response.statusText}` }, etag)
}

export const isRefused = (error: unknown, ...types: string[]): error is Refused =>
  error instanceof Refused && (types.length === 0 || types.includes(error.type))
