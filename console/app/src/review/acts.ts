import type { Change } from '../api/client'
import { subjectName } from '../lib/labels'
import { catalog } from '../text/language'

const texts = catalog({
  en: {
    kinds: {
      command: 'Command line',
      seed: 'Seed',
      start: 'Start of the application',
      outside: 'Another program',
      clock: 'End of a membership',
    } as Record<string, string>,
    channels: {
      rest: 'through the console or the REST interface',
      go: 'through the application',
      command: 'on the command line',
      start: 'when the application started',
      tables: 'in the table of the database',
      clock: 'because its time had come',
    } as Record<string, string>,
    acts: {
      'group.create': (t: string) => `Group ${t} created`,
      'group.update': (t: string) => `Group ${t} renamed, described or given other inheritance`,
      'group.delete': (t: string) => `Group ${t} deleted`,
      'group.permissions.set': (t: string) => `Permissions of ${t} set`,
      'group.permissions.change': (t: string) => `Permissions of ${t} changed`,
      'group.members.change': (t: string) => `Members of ${t} changed`,
      'user.groups.set': (t: string) => `Groups of ${t} set`,
      'user.permissions.set': (t: string) => `Own permissions of ${t} set`,
      'user.permissions.change': (t: string) => `Own permissions of ${t} changed`,
      'user.delete': (t: string) => `${t} removed from everything`,
      'policy.import': () => 'Policy imported',
      'policy.seed': () => 'First policy written from the seed',
      'policy.create': () => 'Policy begun with Administrators',
      'policy.adopt': () => 'Table adopted from another program',
      'policy.repair': () => 'Bad rows repaired',
      'permission.rename': (t: string) => (t ? `Permission ${t} renamed` : 'Permission renamed'),
      'policy.outside': () => 'Table changed by another program',
      'administrators.bootstrap': (t: string) => (t ? `${t} made an administrator` : 'An administrator appointed'),
      'change.revert': (t: string) => `Change ${t} reverted`,
      'memberships.end': () => 'Memberships ended',
      'request.approve': () => 'Access request approved',
      'audit.archive': () => 'Older changes moved to a file',
      'batch': () => 'Several things changed at once',
    } as Record<string, (target: string) => string>,
  },
  de: {
    kinds: {
      command: 'Kommandozeile',
      seed: 'Erstausstattung',
      start: 'Start der Anwendung',
      outside: 'Ein anderes Programm',
      clock: 'Ende einer Mitgliedschaft',
    },
    channels: {
      rest: 'über die Konsole oder die REST-Schnittstelle',
      go: 'durch die Anwendung',
      command: 'auf der Kommandozeile',
      start: 'beim Start der Anwendung',
      tables: 'in der Tabelle der Datenbank',
      clock: 'weil es so weit war',
    },
    acts: {
      'group.create': (t) => `Gruppe ${t} angelegt`,
      'group.update': (t) => `Name, Beschreibung oder Vererbung von ${t} geändert`,
      'group.delete': (t) => `Gruppe ${t} gelöscht`,
      'group.permissions.set': (t) => `Berechtigungen von ${t} gesetzt`,
      'group.permissions.change': (t) => `Berechtigungen von ${t} geändert`,
      'group.members.change': (t) => `Mitglieder von ${t} geändert`,
      'user.groups.set': (t) => `Gruppen von ${t} gesetzt`,
      'user.permissions.set': (t) => `Eigene Berechtigungen von ${t} gesetzt`,
      'user.permissions.change': (t) => `Eigene Berechtigungen von ${t} geändert`,
      'user.delete': (t) => `${t} aus allem entfernt`,
      'policy.import': () => 'Berechtigungen importiert',
      'policy.seed': () => 'Erste Berechtigungen aus der Erstausstattung',
      'policy.create': () => 'Mit Administrators begonnen',
      'policy.adopt': () => 'Tabelle eines anderen Programms übernommen',
      'policy.repair': () => 'Fehlerhafte Zeilen bereinigt',
      'permission.rename': (t) => (t ? `Berechtigung ${t} umbenannt` : 'Berechtigung umbenannt'),
      'policy.outside': () => 'Tabelle durch ein anderes Programm geändert',
      'administrators.bootstrap': (t) => (t ? `${t} ist jetzt Administrator` : 'Administrator bestimmt'),
      'change.revert': (t) => `Änderung ${t} zurückgenommen`,
      'memberships.end': () => 'Mitgliedschaften geendet',
      'request.approve': () => 'Anfrage genehmigt',
      'audit.archive': () => 'Ältere Änderungen in eine Datei verschoben',
      'batch': () => 'Mehreres auf einmal geändert',
    },
  },
})

/** ActorName is who made a change: a user's id, or what it was. */
export function actorName(actor: Change['actor']): string {
  const kind = texts.kinds[actor.kind]
  if (!kind) return actor.id
  return actor.id ? `${kind} (${actor.id})` : kind
}

/** ChannelName says in which way a change came in. */
export const channelName = (channel: string) => texts.channels[channel] ?? channel

/** Act says in one line what a change did. A later version of the server may know more actions than this one. */
export function act(change: Change): string {
  const [action, target] = (change.action === 'batch' && single(change)) || [change.action, change.target ?? '']
  return texts.acts[action]?.(target) ?? [action, target].filter(Boolean).join(' · ')
}

/** Single finds out whether a batch, which is what each save sends, changed one thing. Then it is called like a change of that. */
function single({ added, removed, added_count, removed_count, groups = [] }: Change): [action: string, target: string] | undefined {
  const rules = [...added, ...removed]
  if (groups.length > 0 || rules.length === 0 || rules.length < added_count + removed_count) return undefined
  const subjects = new Set(rules.map(({ subject }) => subject))
  const { name, isGroup } = subjectName(rules[0]!.subject)
  if (rules.every(({ rule }) => rule === 'grant' || rule === 'restriction')) {
    return subjects.size === 1 ? [isGroup ? 'group.permissions.change' : 'user.permissions.change', name] : undefined
  }
  if (!rules.every(({ rule }) => rule === 'member')) return undefined
  if (subjects.size === 1) return ['user.groups.set', name]
  return new Set(rules.map(({ group }) => group)).size === 1 ? ['group.members.change', rules[0]!.group ?? ''] : undefined
}
