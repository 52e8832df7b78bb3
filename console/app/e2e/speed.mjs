// Measures how fast the console is with 1,000 permissions × 50 groups, 10,000 users and many changes. It isn't a test:
// times depend on what else the machine does. Usage: npm run speed
import { launch } from './chromium.mjs'
import { startTesthost } from './host.mjs'

const changes = process.argv[2] ?? '100000'
const rounds = 7

const screens = [
  ['Groups', '#/groups', 'Team 49'],
  ['A group', '#/groups/Team%2009', 'department00.requests.kind00:view'],
  ['Members', '#/groups/Team%2009?view=members', 'person.number00009'],
  ['Users', '#/users', 'person.number00000'],
  ['A user', '#/users/person.number00009', 'Team 09'],
  ['Why 403?', '#/why?user=person.number00000&permission=department00.requests.kind00%3Aview', 'department00.requests.kind00:view'],
  ['Matrix', '#/matrix', 'Team 00'],
  ['Changes', '#/changes', 'guest'],
  ['Import and export', '#/transfer', 'CSV'],
  ['Status', '#/status', 'Revision'],
]

const host = await startTesthost('-large', '-changes', changes)
const browser = await launch()
try {
  console.log(`${'screen'.padEnd(20)} ${'cold'.padStart(8)} ${'warm'.padStart(8)} ${'slowest'.padStart(8)}`)
  for (const [name, hash, shows] of screens) {
    const cold = await opening(hash, shows, 1)
    const warm = await opening(hash, shows, rounds)
    console.log(`${name.padEnd(20)} ${ms(cold[0])} ${ms(warm[Math.floor(rounds / 2)])} ${ms(warm.at(-1))}`)
  }
  await editing()
} finally {
  await browser.close()
  await host.stop()
}

/** Opening measures from leaving an almost empty screen until the text is painted. One round is cold: with a fresh browser. */
async function opening(hash, shows, n) {
  const page = await signedIn()
  const times = []
  if (n === 1) {
    const start = performance.now()
    await page.goto(host.address + '/console/' + hash)
    await painted(page, shows)
    times.push(performance.now() - start)
  } else {
    await page.goto(host.address + '/console/' + hash)
    await painted(page, shows)
    for (let i = 0; i < n; i++) {
      await page.evaluate(() => (location.hash = '#/new-group'))
      await page.waitForTimeout(300)
      times.push(
        await page.evaluate(
          ([to, text]) =>
            new Promise((resolve) => {
              const start = performance.now()
              location.hash = to
              const look = () => {
                if (document.getElementById('main').innerText.includes(text)) requestAnimationFrame(() => resolve(performance.now() - start))
                else requestAnimationFrame(look)
              }
              look()
            }),
          [hash, shows],
        ),
      )
    }
  }
  await page.context().close()
  return times.sort((a, b) => a - b)
}

/** Editing measures how long a tick and the review take in a group of 800 rules. */
async function editing() {
  const page = await signedIn()
  await page.goto(host.address + '/console/#/groups/Team%2009')
  await painted(page, 'department00.requests.kind00:view')
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
  const start = performance.now()
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).and(page.locator(':enabled')).waitFor()
  console.log(`${'the review'.padEnd(20)} ${''.padStart(8)} ${ms(performance.now() - start)}`)
  await page.context().close()
}

async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  await context.request.post(host.address + '/login', { form: { user: 'ana' } })
  return context.newPage()
}

function painted(page, text) {
  return page.waitForFunction((t) => document.getElementById('main')?.innerText.includes(t), text, { polling: 'raf', timeout: 30_000 })
}

function ms(n) {
  return `${n.toFixed(0)} ms`.padStart(8)
}
