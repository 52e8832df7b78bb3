import { api, data } from './client'

interface Asked {
  user: string
  resolve: (name: string) => void
  reject: (error: unknown) => void
}

const most = 50 // users in one request, so that its address stays short

let asked: Asked[] = []

/** LookUp finds a user's name in the host's directory, "" where it has none. What is looked up at the same time is one request. */
export function lookUp(user: string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (asked.length === 0) setTimeout(askForAll)
    asked.push({ user, resolve, reject })
  })
}

function askForAll() {
  const all = asked
  asked = []
  for (let i = 0; i < all.length; i += most) void ask(all.slice(i, i + most))
}

async function ask(some: Asked[]) {
  try {
    const { items } = data(await api.GET('/people', { params: { query: { user: some.map(({ user }) => user) } } }))
    const names = new Map(items.map((person) => [person.id, person.display_name ?? '']))
    for (const { user, resolve } of some) resolve(names.get(user) ?? '')
  } catch (error) {
    for (const { reject } of some) reject(error)
  }
}
