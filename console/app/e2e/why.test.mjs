// Why 403?: from a real refusal of the back office to a fix, saved in the console, and the request that goes through.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture } from './browser.mjs'
import { start, startTesthost } from './host.mjs'

let host, page
before(async () => {
  host = await start()
  page = await open(host, '#/why', { expected: ['404'] })
})
after(() => host.stop())

const fix = (name) => page.getByRole('button', { name })
const go = (hash) => page.evaluate((hash) => void (location.hash = hash), hash)

/** As makes a request of the back office as someone, and returns its status and body. */
async function as(user, method, path) {
  const there = await open(host, '#/', { user, expected: ['403'] })
  const answer = await there.context().request.fetch(host.address + path, { method, headers: { Accept: 'application/json' }, maxRedirects: 0 })
  const result = { status: answer.status(), body: await answer.json().catch(() => undefined) }
  await there.context().close()
  return result
}

/** Refused waits until a refusal is recorded, and returns its id. */
async function refused(user, method, path) {
  const { status, body } = await as(user, method, path)
  assert.equal(status, 403)
  for (let i = 0; i < 50; i++) {
    if ((await page.context().request.get(`${host.address}/api/v1/denials/${body.denial_id}`)).ok()) return body.denial_id
    await page.waitForTimeout(100)
  }
  assert.fail('the denial was never recorded')
}

async function ask(method, path, data) {
  const answer = await page.context().request.fetch(`${host.address}/api/v1${path}`, { method, data })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.status() === 204 ? undefined : answer.json()
}

test('without refusals the page says what to do first, and an unknown id is no error', async () => {
  await page.getByText('Nothing was refused lately.').waitFor()
  await page.looks('no denials')
  await go('#/why/NOTANID')
  await page.getByText('There is no denial with this id.').waitFor()
  await page.looks('no such denial')
  page.check()
})

test('from a 403 to the fix that was applied, for a week', async () => {
  const id = await refused('cleo', 'POST', '/requests/1/approve')
  await go('#/why')
  await page.reload()
  const row = page.getByRole('row', { name: /POST \/requests\/:id\/approve/ })
  await row.getByText('Book operations').waitFor()
  await page.looks('denials')
  await page.getByLabel('Denial id').fill(`You may not do this. Id: ${id}. Send this to an administrator.`)
  await page.getByRole('button', { name: 'Explain', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Why cleo was refused' }).waitFor()
  await eventually(() => assert.match(page.url(), new RegExp(`#/why/${id}$`)))
  await page.getByRole('heading', { level: 2, name: /lacks 4 permissions/ }).waitFor()
  await page.getByText('Still refused').waitFor()
  await picture(page, 'console-why')
  await page.looks('a denial')

  await page.getByText('What exactly').first().click()
  await page.getByText('clients.requests.withdrawal:view').first().waitFor()
  await fix(/^Review… Put .* into Requests desk$/).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Gain').waitFor()
  await dialog.getByLabel('Ends').selectOption('In a week')
  await dialog.getByText(/cleo in Requests desk until/).waitFor()
  await picture(page, 'console-fixes')
  await page.looks('review of a fix')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/may do it from now on/).waitFor()
  await page.getByText('Allowed now').waitFor()
  await page.getByText('Allowed since').waitFor()
  await counts(page.getByRole('heading', { name: 'What would help' }), 0)
  await page.looks('a fixed denial')

  const { groups } = await ask('GET', '/users/cleo/groups')
  const days = (Date.parse(groups.find((membership) => membership.group === 'Requests desk').until) - Date.now()) / 86_400_000
  assert.ok(days > 6.9 && days <= 7.1, `it ends in ${days} days`)
  assert.ok((await as('cleo', 'POST', '/requests/1/approve')).status < 400)
  page.check()
})

test('a restriction is told from what it takes away, with the paths of both', async () => {
  await go('#/why')
  const user = page.getByRole('combobox', { name: 'User' })
  await user.fill('finn')
  await page.getByRole('option', { name: /finn/ }).click()
  const field = page.getByRole('combobox', { name: 'Permission' })
  for (const text of ['update withdrawal', 'finance.operations:view']) {
    await field.fill(text)
    await page.getByRole('listbox').getByRole('option').first().click()
  }
  await page.getByRole('heading', { level: 2, name: /lacks 1 permission$/ }).waitFor()
  await eventually(() => assert.match(page.url(), /user=finn&permission=clients.requests.withdrawal%3Aupdate&permission=finance.operations%3Aview$/))
  const paths = page.getByRole('list', { name: /^Paths to Update client/ })
  const read = async (i) => (await paths.locator(':scope > li').nth(i).innerText()).replace(/\s+/g, ' ')
  await eventually(async () => assert.equal(await read(0), 'finn in Trainees must not clients.requests.withdrawal:update'))
  await eventually(async () => assert.equal(await read(1), 'finn in Trainees inherits Requests desk may clients.requests.withdrawal:update'))
  await page.getByText('It is given, but a restriction takes it away.').waitFor()
  await page.looks('an explanation')
  await fix('Review… Lift a restriction of Trainees').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { level: 2, name: /may do all of this/ }).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 2, name: /may do all of this/ }).waitFor()
  page.check()
})

test('what was lost is said with the change by which, and one of several permissions is enough', async () => {
  await ask('DELETE', '/groups/Requests%20desk/members/ben')
  await go('#/why?user=ben&permission=finance.operations%3Acreate')
  await page.getByText(/^Lost .* \(.*ana.*\):/i).waitFor()
  const change = await page.getByRole('link', { name: /^change \d+$/ }).getAttribute('href')
  assert.match(change, /^#\/changes\/\d+$/)

  const id = await refused('gita', 'GET', '/requests')
  await go(`#/why/${id}`)
  await page.getByText(/has none of these. One is enough./).waitFor()
  await fix(/^Review… Put .* into Deposit viewers$/).waitFor()
  await page.getByLabel('Which of them should be allowed?').selectOption('clients.requests.withdrawal:view')
  await fix(/^Review… Put .* into Requests desk$/).waitFor()
  await fix(/^Review… Put .* into Deposit viewers$/).waitFor({ state: 'detached' })
  await page.looks('one is enough')
  page.check()
})

test('who may only look sees what a fix needs, and German readers read German', async () => {
  const views = ['rightful.groups:view', 'rightful.users:view']
  await ask('POST', '/changes', {
    operations: [
      { method: 'POST', path: '/groups', body: { name: 'Viewers', permissions: { grants: views } } },
      { method: 'PUT', path: '/groups/Viewers/members/emil' },
    ],
  })
  const viewer = await open(host, '#/why?user=hugo&permission=system.settings%3Aview', { user: 'emil', locale: 'de-DE' })
  await viewer.getByRole('heading', { level: 2, name: /fehlt 1 Berechtigung/ }).waitFor()
  await viewer.getByText('Das können Sie nicht tun. Ihnen fehlt:').first().waitFor()
  await viewer.getByText('rightful.users:update').first().waitFor()
  await counts(viewer.getByRole('button', { name: /^Prüfen/ }), 0)
  await viewer.looks('fixes that aren’t allowed, in German')
  viewer.check()
})

test('a bad row that denies everything is named with its id', async () => {
  const other = await startTesthost()
  try {
    const there = await open(other, '#/why?user=tom&permission=orders%3Aview&permission=stock%3Aview')
    await there.getByRole('heading', { level: 2, name: 'tom lacks 1 permission' }).waitFor()
    const answer = await there.request.post(other.address + '/rows', { form: { row: 'p, group:Team 00, orders, ship, perhaps' } })
    const id = await answer.json()
    await there.reload()
    await there.getByRole('heading', { level: 2, name: 'tom lacks 2 permissions' }).waitFor()
    await there.getByRole('heading', { level: 2, name: '1 bad row denies everything' }).waitFor()
    await there.getByText(`Row ${id}`).waitFor()
    await there.getByText(`rightful repair ${id}`, { exact: true }).waitFor()
    await counts(there.getByRole('main').getByText('Bad row', { exact: true }), 2)
    await there.looks('a bad row')
    there.check()
  } finally {
    await other.stop()
  }
})

test('a permission alone shows who holds it, by which groups', async () => {
  await go('#/why?permission=finance.reports%3Aexport')
  await page.getByRole('heading', { name: 'Who holds “Export finance reports”' }).waitFor()
  for (const name of ['Compliance', 'noor', 'emil']) await page.getByRole('link', { name, exact: true }).first().waitFor()
  await page.looks('holders')
  page.check()
})
