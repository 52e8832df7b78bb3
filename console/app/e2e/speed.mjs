// Measures how fast the console is with 1,000 permissions × 50 groups, 10,000 users and many changes. It isn't a test:
// times depend on what else the machine does. Usage: npm run speed
import { launch } from './chromium.mjs'
import { startTesthost } from './host.mjs'

const changes = process.argv[2] ?? '100000'
const rounds = 7

const asker = 'person.number00000'

// The texts are there when all that a screen shows first is. Unused access is looked for in the changes of the days that are
// asked for, which are more here than the host looks through.
const screens = [
  ['Groups', '#/groups', 'Team 49'],
  ['A group', '#/groups/Team%2009', 'department00.requests.kind00:view'],
  ['Members', '#/groups/Team%2009?view=members', 'person.number00009'],
  ['Usage of a group', '#/groups/Team%2009?view=usage', ['known to be unused', 'No use is known']],
  ['Users', '#/users', 'person.number00000'],
  ['A user', '#/users/person.number00009', 'Team 09'],
  ['Usage of a user', '#/users/person.number00009?view=usage', ['known to be unused', 'No use is known']],
  ['Why 403?', '#/why?user=person.number00000&permission=department00.requests.kind00%3Aview', 'department00.requests.kind00:view'],
  ['Requests', '#/requests', 'to help out, 99'],
  ['My requests', '#/my-requests', 'to help out, 0', asker],
  ['Matrix', '#/matrix', 'Team 00'],
  ['Changes', '#/changes', 'guest'],
  ['Import and export', '#/transfer', 'CSV'],
  ['Status', '#/status', 'Revision'],
]

const host = await startTesthost('-large', '-changes', changes, '-recorded', '400')
const browser = await launch()
try {
  console.log(`${'screen'.padEnd(20)} ${'cold'.padStart(8)} ${'warm'.padStart(8)} ${'slowest'.padStart(8)}`)
  await ask(100)
  for (const [name, hash, shows, user = 'ana'] of screens) {
    const first = await cold(hash, [shows].flat(), user)
    const times = await warm(hash, [shows].flat(), user)
    console.log(`${name.padEnd(20)} ${ms(first)} ${ms(times[Math.floor(rounds / 2)])} ${ms(times.at(-1))}`)
  }
  await editing()
} finally {
  await browser.close()
  await host.stop()
}

/** Ask makes access requests, one of each of some people who lack the permission. */
async function ask(n) {
  for (let i = 0; i < n; i++) {
    const answer = await fetch(host.address + '/api/v1/access-requests', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: `user=person.number${String(10 * i).padStart(5, '0')}` },
      body: JSON.stringify({ permissions: ['department00.requests.kind00:view'], reason: `to help out, ${i}` }),
    })
    if (!answer.ok) throw new Error(`asking: ${answer.status} ${await answer.text()}`)
  }
}

/** Cold measures from the beginning of a navigation, with a fresh browser and an empty cache, until the texts are painted. */
async function cold(hash, shows, user) {
  const page = await signedIn(user)
  await page.addInitScript(`window.painted = (${shown})(() => document.getElementById('main'), ${JSON.stringify(shows)})`)
  await page.goto(host.address + '/console/' + hash, { waitUntil: 'commit' })
  const time = await page.evaluate(() => window.painted)
  await page.context().close()
  return time
}

/** Warm measures from leaving an almost empty screen until the texts are painted. */
async function warm(hash, shows, user) {
  const page = await signedIn(user)
  await page.goto(host.address + '/console/' + hash)
  const times = []
  for (let i = 0; i <= rounds; i++) {
    await page.evaluate(() => (location.hash = '#/new-group'))
    await page.waitForTimeout(300)
    times.push(await page.evaluate(`{
      const start = performance.now()
      location.hash = ${JSON.stringify(hash)}
      ;(${shown})(() => document.getElementById('main'), ${JSON.stringify(shows)}).then((end) => end - start)
    }`))
  }
  await page.context().close()
  return times.slice(1).sort((a, b) => a - b)
}

/** Shown waits in the page until an element has all texts and is painted, and returns the time since the navigation began. */
function shown(element, texts) {
  return new Promise((resolve) => {
    const look = () => {
      const text = element()?.textContent ?? ''
      if (texts.every((one) => text.includes(one))) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
      else requestAnimationFrame(look)
    }
    look()
  })
}

/** Editing measures how long a tick and the review take in a group of 800 rules. */
async function editing() {
  const page = await signedIn()
  await page.goto(host.address + '/console/#/groups/Team%2009')
  await page.getByText('department00.requests.kind00:view').first().waitFor()
  const ticks = await page.evaluate(async () => {
    const boxes = [...document.querySelectorAll('main input[type=checkbox]:not(:disabled)')].slice(40, 60)
    const times = []
    for (const box of boxes) {
      const start = performance.now()
      box.click()
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      times.push(performance.now() - start)
    }
    return times.sort((a, b) => a - b)
  })
  console.log(`${'a tick'.padEnd(20)} ${''.padStart(8)} ${ms(ticks[Math.floor(ticks.length / 2)])} ${ms(ticks.at(-1))}`)
  const review = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const button = [...document.querySelectorAll('button')].find((b) => b.textContent.startsWith('Review'))
        const start = performance.now()
        button.click()
        const look = () => {
          if (document.querySelector('dialog[open] button[type=submit]:enabled')) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
          else requestAnimationFrame(look)
        }
        look()
      }),
  )
  console.log(`${'the review'.padEnd(20)} ${''.padStart(8)} ${ms(review)}`)
  await page.context().close()
}

async function signedIn(user = 'ana') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  await context.request.post(host.address + '/login', { form: { user } })
  return context.newPage()
}

function ms(n) {
  return `${n.toFixed(0)} ms`.padStart(8)
}
