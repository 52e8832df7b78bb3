// Unused access: what guards recorded over a hundred days, and taking away what nobody used.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { letPass, start, startTesthost } from './host.mjs'
import { as } from './policy.mjs'

let host, folder, ana
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rightful-usage-'))
  const db = 'sqlite:' + join(folder, 'usage.db')
  const past = await start('-db', db)
  await use(past, 'hugo', '/operations')
  await past.stop()
  await letPass(100, db)
  host = await start('-db', db)
  ana = await as(host, 'ana')
  await use(host, 'hugo', '/balances')
  await eventually(async () => assert.match(JSON.stringify(await usageOf('users/hugo')), new RegExp(`"finance.balances:view"[^}]*"${today()}"`)))
})
after(async () => {
  await host.stop()
  await rm(folder, { recursive: true, force: true })
})

const today = () => new Date().toISOString().slice(0, 10)
const usageOf = async (subject, query = '') => (await ana('GET', `/api/v1/${subject}/usage${query}`)).body
const groupsOf = async (user) => (await ana('GET', `/api/v1/users/${user}/groups`)).body.groups.map(({ group }) => group)
const card = (page, name) => page.getByRole('main').locator('section').filter({ has: page.getByRole('heading', { level: 2, name }) })
const row = (page, label, permission) => page.getByRole('list', { name: label, exact: true }).getByRole('listitem').filter({ hasText: permission })
const review = (page) => page.getByRole('button', { name: 'Review taking it away…' })

/** Use has someone go through a guard. */
async function use(there, user, path) {
  assert.equal((await (await as(there, user))('GET', path)).status, 200)
}

test('what someone doesn’t use is listed, reviewed and taken away', async () => {
  const page = await open(host, '#/users/hugo')
  await page.getByRole('navigation', { name: 'Views of the user' }).getByRole('link', { name: 'Usage' }).click()
  await page.getByText(/^Uses have been recorded since \d+ \w+ \d{4} \(UTC\)\./).waitFor()
  const unused = card(page, 'Unused access')
  await unused.getByText('5 permissions are known to be unused for 90 days.').waitFor()
  await counts(row(page, 'Unused access', /./), 5)
  await shows(row(page, 'Last uses', 'finance.balances:view'), /View balances.*Finance › Balances.*Last used .*, today/)
  await shows(row(page, 'Last uses', 'finance.operations:view'), /Last used .*, 100 days ago/)
  await shows(row(page, 'Last uses', 'finance.reports:export'), /No use is known/)
  await unused.getByText('Hugo Weiss leaves the group').waitFor()
  await picture(page, 'console-usage')
  await page.looks('the usage of a user')

  await page.getByRole('searchbox', { name: 'Search permissions' }).fill('balances')
  await counts(row(page, 'Last uses', /./), 2)
  await page.getByRole('searchbox', { name: 'Search permissions' }).fill('nothing like this')
  await page.getByText('No permission matches.').waitFor()

  await review(page).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Take away what Hugo Weiss doesn’t use' })
  await dialog.getByRole('heading', { name: 'Lose 1 person' }).waitFor()
  await dialog.getByText('hugo in Deposit viewers').waitFor()
  await counts(dialog.getByText('finance.', { exact: false }), 0)
  await page.looks('the review of unused access')
  await dialog.getByLabel('Reason').fill('yearly review')
  await dialog.getByRole('button', { name: 'Take away' }).click()
  await page.getByText('Saved.').waitFor()
  await unused.getByText('4 permissions are known to be unused for 90 days.').waitFor()
  await unused.getByText('Nothing can be taken away: what gives them is newer, or also gives what was used.').waitFor()
  await counts(review(page), 0)
  assert.deepEqual(await groupsOf('hugo'), ['Finance'])
  const { body } = await ana('GET', '/api/v1/changes?limit=1')
  assert.deepEqual([body.items[0].reason, body.items[0].action], ['yearly review', 'batch'])
  page.check()
})

test('the number of days is in the address, and what isn’t known is explained', async () => {
  const page = await open(host, '#/users/dana?view=usage')
  const unused = card(page, 'Unused access')
  await unused.getByText('5 permissions are known to be unused for 90 days.').waitFor()
  await unused.getByLabel('Unused for').selectOption('180 days')
  await unused.getByText('No permission is known to be unused for 180 days.').waitFor()
  await unused.getByText(/^For 5 permissions this isn’t known: uses have not been recorded for so many days yet\. They will have been on \d+ \w+ \d{4}\.$/).waitFor()
  assert.match(page.url(), /#\/users\/dana\?view=usage&unused_for=180$/)
  await page.looks('unknown uses')
  await page.reload()
  await unused.getByText('No permission is known to be unused for 180 days.').waitFor()
  await page.goto(`${host.address}/console/#/users/dana?view=usage&unused_for=45`)
  await unused.getByText('5 permissions are known to be unused for 45 days.').waitFor()
  await unused.getByLabel('Unused for').selectOption('30 days')
  await unused.getByText('known to be unused for 30 days.').waitFor()

  await ana('PUT', '/api/v1/groups/Deposit%20viewers/members/gita')
  await page.goto(`${host.address}/console/#/users/gita?view=usage`)
  await unused.getByText(/^For 1 permission this isn’t known: Gita Rao did not hold/).waitFor()
  await page.goto(`${host.address}/console/#/users/ana?view=usage`)
  await unused.getByText('Nothing is proposed for members of Administrators.').waitFor()
  await counts(review(page), 0)
  page.check()
})

test('a group shows what no member used, and its unused grants are revoked', async () => {
  const page = await open(host, '#/groups/Compliance')
  await page.getByRole('navigation', { name: 'Views of the group' }).getByRole('link', { name: 'Usage' }).click()
  await page.getByText(/Its members, .*: 1\.$/).waitFor()
  const unused = card(page, 'Unused access')
  await unused.getByText('6 permissions are known to be unused for 90 days.').waitFor()
  await page.looks('the usage of a group')
  await review(page).click()
  const dialog = page.getByRole('dialog', { name: 'Take away what nobody in Compliance uses' })
  await shows(dialog, /Lose.*emil.*clients\.profiles:view/i)
  await dialog.getByRole('button', { name: 'Take away' }).click()
  await page.getByText('Saved. It takes effect with the next request.').waitFor()
  await page.getByText('Compliance gives no permission of which uses are recorded.').waitFor()
  assert.deepEqual((await ana('GET', '/api/v1/groups/Compliance')).body.permissions.grants, [])

  await page.goto(`${host.address}/console/#/groups/Requests%20desk?view=usage`)
  await unused.getByText('known to be unused').waitFor()
  await ana('PUT', '/api/v1/groups/Requests%20desk/members/dana')
  await page.reload()
  await page.getByText(/Its members, .*: 4\.$/).waitFor()
  await unused.getByText('1 of 4 members came during these days.').waitFor()
  await ana('POST', '/api/v1/groups', { name: 'Auditors', permissions: { grants: ['finance.reports:export'] } })
  await page.goto(`${host.address}/console/#/groups/Auditors?view=usage`)
  await unused.getByText('nobody is in the group.').waitFor()
  await page.goto(`${host.address}/console/#/groups/Administrators?view=usage`)
  await unused.getByText('Nothing is proposed for Administrators.').waitFor()
  page.check()
})

test('what was used while the review was open stays', async () => {
  const page = await open(host, '#/users/cleo?view=usage', { expected: ['403'] })
  await review(page).click()
  const take = page.getByRole('dialog').getByRole('button', { name: 'Take away' })
  await eventually(async () => assert.ok(await take.isEnabled()))
  await use(host, 'cleo', '/requests')
  await eventually(async () => assert.equal((await usageOf('users/cleo', '?unused_for=90')).operations, undefined))
  await take.click()
  await page.getByRole('alert').getByText('Nothing was taken away').waitFor()
  await counts(page.getByRole('dialog'), 0)
  await card(page, 'Unused access').getByText('No permission is known to be unused for 90 days.').waitFor()
  await page.looks('a review that was too late')
  assert.deepEqual(await groupsOf('cleo'), ['Deposit viewers'])
  page.check()
})

test('who may only look is told what it needs, in German; who assigns the group may review', async () => {
  const views = ['rightful.groups:view', 'rightful.users:view']
  await ana('POST', '/api/v1/groups', { name: 'Viewers', permissions: { grants: views } })
  await ana('PUT', '/api/v1/groups/Viewers/members/emil')
  const viewer = await open(host, '#/users/noor?view=usage', { user: 'emil', locale: 'de-DE' })
  const unused = card(viewer, 'Ungenutzter Zugriff')
  await unused.getByText('2 Berechtigungen sind bekanntermaßen seit 90 Tagen ungenutzt.').waitFor()
  await unused.getByText('Sie dürfen es nicht selbst wegnehmen. Nötig ist').waitFor()
  await unused.getByText('rightful.users:update').waitFor()
  await counts(unused.getByRole('button'), 0)
  await viewer.looks('usage that may only be looked at, in German')
  viewer.check()

  await ana('PATCH', '/api/v1/users/noor/permissions', { revoke: ['finance.reports:export'] })
  await ana('PATCH', '/api/v1/users/ivo/permissions', { grant: [...views, 'rightful.members/Deposit viewers:assign'] })
  const lead = await open(host, '#/users/noor?view=usage', { user: 'ivo' })
  await review(lead).click()
  await lead.getByRole('dialog').getByText('noor in Deposit viewers').waitFor()
  await eventually(async () => assert.ok(await lead.getByRole('dialog').getByRole('button', { name: 'Take away' }).isEnabled()))
  lead.check()
})

test('without records the page says what the host has to turn on, and to whom it isn’t shown', async () => {
  const small = await startTesthost()
  try {
    const page = await open(small, '#/groups/Team%2000?view=usage')
    await page.getByText('No uses were recorded.').waitFor()
    await page.getByText('authz.Options{Usage: authz.UsageOptions{On: true}}').waitFor()
    await page.looks('nothing recorded')
    const rest = await page.request.post(`${small.address}/api/v1/changes`, {
      data: { operations: [{ method: 'PATCH', path: '/users/tom/permissions', body: { grant: ['rightful.groups:view'] } }] },
    })
    assert.ok(rest.ok())
    const tom = await open(small, '#/groups/Team%2000?view=usage', { user: 'tom', expected: ['403'] })
    await tom.getByText('You may not see what people use. It needs').waitFor()
    await counts(tom.getByRole('link', { name: 'Usage' }), 0)
    page.check()
    tom.check()
  } finally {
    await small.stop()
  }
})

test('an error is said, and trying again helps', async () => {
  const small = await startTesthost('-recorded', '100')
  try {
    const page = await open(small, '#/users/tom', { expected: ['503'] })
    await page.getByRole('link', { name: 'Usage' }).waitFor()
    await page.request.post(small.address + '/store/away')
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('alert').getByText('The database can’t be reached.').waitFor()
    await page.request.post(small.address + '/store/back')
    await page.getByRole('button', { name: 'Try again' }).click()
    await card(page, 'Unused access').getByText(/^For 1 permission this isn’t known: tom did not hold/).waitFor()
    page.check()
  } finally {
    await small.stop()
  }
})
