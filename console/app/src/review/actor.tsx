import type { Change } from '../api/client'
import { useNames } from '../shell/people'
import { PersonName } from '../ui/user-name'
import { actorName } from './acts'

/** Actor is who made a change: a person by name and id, or what it was. */
export function Actor({ actor }: { actor: Change['actor'] }) {
  const person = actor.kind === 'user' && actor.id !== ''
  const name = useNames(person ? [actor.id] : [])
  return person ? <PersonName id={actor.id} name={name(actor.id)} /> : actorName(actor)
}
