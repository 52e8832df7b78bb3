import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, open, picture, shows } from './browser.mjs'
import { startTesthost } from './host.mjs'

let host, bearer
before(async () => ([host, bearer] = await Promise.all([startTesthost(), startTesthost('-bearer')])))
after(() => Promise.all([host.stop(), bearer.stop()]))

const places = (page) => page.getByRole('navigation', { name: 'Sections' }).getByRole('link')

test('the navigation has what the signed-in person may see', async () => {
  const page = await open(host, '')
  await places(page).first().waitFor()
  await eventually(async () => assert.deepEqual(await places(page).allTextContents(), ['Groups', 'Users', 'Why 403?', 'Requests', 'Matrix', 'Changes', 'Import/export', 'Status']))
  page.check()
  const lead = await open(host, '', { user: 'lea' })
  await places(lead).first().waitFor()
  await eventually(async () => assert.deepEqual(await places(lead).allTextContents(), ['Groups', 'Users', 'Why 403?', 'Requests', 'Matrix']))
  lead.check()
})

test('someone without rights is told what is missing', async () => {
  const page = await open(host, '', { user: 'tom', expected: ['403'] })
  await page.getByRole('alert').waitFor()
  await shows(page.getByRole('alert'), /rightful\.groups:view/)
  await eventually(async () => assert.deepEqual(await places(page).allTextContents(), ['My requests']))
  await page.axe('no rights')
  page.check()
})

test('who is not signed in gets to the sign-in page of the host', async () => {
  const page = await open(host, '#/groups/Team%2000', { user: null, expected: ['401'] })
  const link = page.getByRole('link', { name: 'Sign in' })
  await link.waitFor()
  await eventually(async () => assert.equal(await link.getAttribute('href'), host.address + '/login?return=' + encodeURIComponent('/console/#/groups/Team%2000')))
  await page.axe('signed out')
  await picture(page, 'console-sign-in')
  page.check()
})

test('a host with bearer tokens is asked with the token', async () => {
  const page = await open(bearer, '', { user: null, expected: ['401'] })
  await page.getByLabel('Token').fill('token-of-ana')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  page.check()
})

test('the console works under another path', async () => {
  const page = await open(host, '#/groups', { mount: '/inner/office/console' })
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  await eventually(() => assert.equal(new URL(page.url()).pathname, '/inner/office/console/'))
  await page.getByRole('link', { name: 'Team 00' }).first().click()
  await page.getByRole('heading', { level: 1, name: 'Team 00' }).waitFor()
  page.check()
})

test('another person’s change is announced', async () => {
  const page = await open(host, '#/groups')
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  const answer = await page.request.post(host.address + '/api/v1/groups', { data: { name: 'Night shift' }, headers: { Cookie: 'user=ana' } })
  assert.equal(answer.status(), 201)
  await page.getByText('ana has just changed the permissions.').waitFor()
  await page.getByRole('link', { name: 'Night shift' }).waitFor()
  await page.axe('news')
  page.check()
})

test('the page says that the store is away, and goes on showing', async () => {
  const page = await open(host, '#/groups', { expected: ['503'] })
  await page.getByRole('link', { name: 'Team 00' }).first().waitFor()
  await page.request.post(host.address + '/store/away')
  try {
    await page.getByText('The database can’t be reached.').waitFor()
    await page.axe('store away')
    await page.getByRole('link', { name: 'Team 00' }).first().waitFor()
  } finally {
    await page.request.post(host.address + '/store/back')
  }
  await page.getByText('The database can’t be reached.').waitFor({ state: 'detached' })
  page.check()
})

test('the first key leads to the content, and the colors can be chosen', async () => {
  const page = await open(host, '#/groups')
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement?.id), 'main'))
  await eventually(async () => assert.equal(await page.evaluate(() => location.hash), '#/groups'))
  await page.getByLabel('Colors').selectOption('Dark')
  await page.reload()
  await eventually(async () => assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(15, 19, 26)'))
  await page.getByLabel('Colors').selectOption('Automatic')
  page.check()
})

test('the console speaks German', async () => {
  const page = await open(host, '#/groups', { locale: 'de-AT' })
  await page.getByRole('heading', { level: 1, name: 'Gruppen' }).waitFor()
  await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.lang), 'de'))
  await page.axe('German')
  page.check()
})

test('in forced colors the present place and view stand out', async () => {
  const page = await open(host, '#/groups/Team%2000', { forcedColors: 'active' })
  await page.getByRole('link', { name: 'Permissions', exact: true }).waitFor()
  const underline = (link) => link.evaluate((a) => getComputedStyle(a).borderBottomColor)
  for (const [present, other] of [['Groups', 'Users'], ['Permissions', 'Inheritance']]) {
    const [one, two] = await Promise.all([present, other].map((name) => underline(page.getByRole('link', { name: new RegExp(`^${name}`) }).first())))
    assert.notEqual(one, two, present)
  }
  page.check()
})
