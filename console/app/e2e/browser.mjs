// Pages in a real Chromium, watched: a violation of the content security policy, an error on the browser's console, or
// a finding of axe fails the test.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, afterEach, beforeEach } from 'node:test'
import { launch } from './chromium.mjs'
import { password } from './host.mjs'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

let browser // of this file's tests
after(() => browser?.close())

// A page that a test leaves open goes on asking and drawing; one that was there before is for all tests of a file.
const contexts = () => browser?.contexts() ?? []
let before = []
beforeEach(() => void (before = contexts()))
afterEach(() => Promise.all(contexts().filter((c) => !before.includes(c)).map((c) => c.close())))

/** Open signs a user in and opens an address of the console. The page's check() fails the test for everything that was noticed. */
export async function open(host, hash, { user = 'ana', theme = 'light', width = 1280, height = 900, locale = 'en-GB', mount = '/console/', expected = [], ...more } = {}) {
  const context = await (browser ??= await launch()).newContext({
    colorScheme: theme, viewport: { width, height }, reducedMotion: 'reduce', locale, timezoneId: 'UTC', ...more,
  })
  const noticed = []
  await context.exposeBinding('noticeViolation', (_, text) => noticed.push(text))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => globalThis.noticeViolation(`CSP: ${e.effectiveDirective} ${e.blockedURI} ${e.sample}`))
  })
  context.on('console', (message) => {
    // The browser itself reports answers such as 409, which a test may expect.
    if (['error', 'warning'].includes(message.type()) && !expected.some((e) => message.text().includes(e))) noticed.push('console: ' + message.text())
  })
  context.on('weberror', (e) => noticed.push('error: ' + e.error()))
  if (user) {
    const answer = await context.request.post(host.address + '/login', { form: { user, password }, headers: { Accept: 'application/json' } })
    assert.ok(answer.ok(), `${user} can't sign in: ${answer.status()}`)
  }
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  await page.goto(host.address + mount + hash)
  page.check = () => assert.deepEqual(noticed, [])
  page.axe = (what) => axe(page, what)
  page.looks = (what) => looks(page, what)
  page.sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  return page
}

/** Eventually repeats an assertion until it holds, for ten seconds: an answer may still be on its way. */
export async function eventually(assertion) {
  for (const end = Date.now() + 10_000; ; ) {
    try {
      return await assertion()
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Shows waits until an element has a text. */
export const shows = (locator, text) => eventually(async () => assert.match(await locator.textContent(), text))

/** Counts waits until there are so many elements. */
export const counts = (locator, n) => eventually(async () => assert.equal(await locator.count(), n, String(locator)))

/** Looks checks a state of a page light and dark, narrow and wide. What depends on colors or sizes alone is checked in all four. */
async function looks(page, what) {
  const before = page.viewportSize()
  for (const [colorScheme, width, whole] of [['light', 1280, true], ['dark', 1280, false], ['dark', 320, true], ['light', 320, false]]) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: before.height })
    await page.evaluate(() => scrollTo(0, 0)) // nothing is half under the top bar
    await axe(page, `${what}, ${colorScheme}, ${width} px`, whole ? undefined : ['color-contrast', 'target-size'])
    assert.equal(await page.sideways(), 0, `${what} scrolls sideways at ${width} px`)
  }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize(before)
}

/** Axe finds what people with disabilities would stumble over. */
async function axe(page, what, only) {
  // Not a script of the page: the policy doesn't apply to it. Reading it takes longer than most of what it finds.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource)
  const runOnly = only ? { type: 'rule', values: only } : { type: 'tag', values: rules }
  const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly }), runOnly)
  const found = violations.map((v) => `${what}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`)
  assert.deepEqual(found, [])
}

/** Picture keeps what a page looks like, if RIGHTFUL_PICTURES names a folder. */
export async function picture(page, name) {
  const folder = process.env.RIGHTFUL_PICTURES
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` })
}
