import type { Schemas } from '../../api/problem'
import { texts } from './text'

/** NameFault says what is wrong with the name of a new group, as far as it shows here. The server knows the rest. */
export function nameFault(name: string, groups: Schemas['Group'][]): string | undefined {
  const trimmed = name.trim()
  if (trimmed === '') return texts.nameMissing
  if (/[",/*:]/.test(trimmed) || /^[=+\-@]/.test(trimmed)) return texts.nameInvalid
  if (groups.some((group) => group.name.toLowerCase() === trimmed.toLowerCase())) return texts.nameTaken
  return undefined
}
