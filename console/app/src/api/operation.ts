import type { Schemas } from './problem'

export type Operation = Schemas['BatchOperation']

/** Path makes the path of an operation of a batch. */
export function path(...parts: string[]): string {
  return '/' + parts.map(encodeURIComponent).join('/')
}
