// Users, one user, and the comparison of two, with the first help page's story: find someone, change their groups, save.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { start } from './host.mjs'

let host
before(async () => (host = await start()))
after(() => host.stop())

const saved = (page) => page.getByText('Saved.').waitFor()
const review = (page) => page.getByRole('button', { name: 'Review…' }).click()
const save = (page) => page.getByRole('button', { name: 'Save', exact: true }).click()
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()
const bar = (page) => page.getByRole('region', { name: 'Changes that aren’t saved' })

/** Ask calls the REST interface as the user of a page. */
async function ask(page, method, path, body) {
  const answer = await page.context().request.fetch(`${host.address}/api/v1${path}`, { method, data: body })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.status() === 204 ? undefined : answer.json()
}

test('find someone, see their group, change it, save: the next request goes through', async () => {
  const gita = await open(host, '', { user: 'gita', expected: ['403'] })
  const allowed = async () => (await gita.context().request.get(host.address + '/requests', { headers: { Accept: 'application/json' } })).status()
  await eventually(async () => assert.equal(await allowed(), 403))

  const page = await open(host, '#/users')
  await page.getByRole('link', { name: /gita/ }).waitFor()
  await picture(page, 'console-users')
  await page.looks('users')
  await page.getByRole('searchbox', { name: 'Search by name or id' }).fill('git')
  await page.getByText('1 person').waitFor()
  await eventually(() => assert.match(page.url(), /#\/users\?q=git$/))
  await page.getByRole('link', { name: /gita/ }).click()
  await heading(page, /gita/)
  await page.getByText(/Gita.* may do nothing\./).waitFor()
  await page.looks('a user who may do nothing')

  const before = page.getByRole('checkbox', { name: 'User without access' })
  await eventually(async () => assert.ok(await before.isChecked()))
  await before.uncheck()
  await page.getByRole('checkbox', { name: 'Deposit viewers' }).check()
  await shows(bar(page), /1 added.*1 removed/)
  await review(page)
  const dialog = page.getByRole('dialog')
  await dialog.getByText('View client\'s requests with type Deposit').waitFor()
  await dialog.getByText('Gita Rao (gita)').first().waitFor()
  await page.looks('review of a user')
  await dialog.getByLabel('Reason').fill('Begins on Monday')
  await save(page)
  await saved(page)
  await eventually(async () => assert.equal(await allowed(), 200))
  await page.getByText('In 1 group, with 1 permission').waitFor()
  await counts(bar(page), 0)

  await page.getByText('Show the last changes').click()
  await page.getByText('Begins on Monday').waitFor()
  await page.getByText('Ana Ortiz ana').waitFor()
  await page.getByRole('link', { name: 'Groups of gita set' }).waitFor()
  await page.looks('a saved user')
  page.check()
  gita.check()
})

test('a membership gets an end, and a reload keeps the draft', async () => {
  const page = await open(host, '#/users/hugo')
  page.on('dialog', (dialog) => dialog.accept()) // of leaving the page
  await page.getByRole('button', { name: 'Set an end: Finance' }).click()
  await page.getByLabel('Membership of Finance ends').selectOption('On a date')
  await page.getByLabel('Date and time').fill('2031-05-06T12:00')
  await page.looks('a draft with an end')
  await page.reload()
  await page.getByText('until 6 May 2031, 12:00').first().waitFor()
  await shows(bar(page), /1 changed/)
  await picture(page, 'console-user')
  await review(page)
  await save(page)
  await saved(page)
  const { groups } = await ask(page, 'GET', '/users/hugo/groups')
  assert.deepEqual(groups, [{ group: 'Deposit viewers' }, { group: 'Finance', until: '2031-05-06T12:00:00Z' }])

  // Taken away again, in one choice.
  await page.getByRole('button', { name: 'Change end: Finance' }).click()
  await page.getByLabel('Membership of Finance ends').selectOption('No end')
  await review(page)
  await save(page)
  await page.getByText('until 6 May 2031, 12:00').first().waitFor({ state: 'detached' })
  await eventually(async () => assert.deepEqual((await ask(page, 'GET', '/users/hugo/groups')).groups, [{ group: 'Deposit viewers' }, { group: 'Finance' }]))
  page.check()
})

test('own rules are found by typing, with the keyboard alone, and leaving asks once', async () => {
  const page = await open(host, '#/users/noor')
  await page.getByRole('button', { name: 'Revoke: Export finance reports' }).press('Enter')
  await page.getByLabel('The person').selectOption('Must not')
  const field = page.getByRole('combobox', { name: 'Permission' })
  await field.focus()
  await page.keyboard.type('type deposit view')
  await page.getByRole('listbox').getByRole('option').first().waitFor()
  await page.looks('suggestions of permissions')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.type('system.*:view')
  await page.getByRole('option', { name: 'system.*:view' }).waitFor()
  await page.keyboard.press('Enter')
  await shows(bar(page), /2 added.*1 removed/)

  let asked = 0
  page.once('dialog', (dialog) => (asked++, dialog.dismiss()))
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Groups' }).click()
  await heading(page, /noor/)
  assert.equal(asked, 1)
  await shows(bar(page), /2 added/)

  await review(page)
  await page.getByRole('dialog').getByRole('heading', { name: /^Lose/ }).waitFor()
  await save(page)
  await saved(page)
  await eventually(async () => assert.deepEqual(await ask(page, 'GET', '/users/noor/permissions'), { grants: [], restrictions: ['clients.requests.deposit:view', 'system.*:view'] }))
  await page.getByText('Nothing comes from Deposit viewers').waitFor()
  page.check()
})

test('someone without access can be opened by the id, and off-boarding says what is lost', async () => {
  const page = await open(host, '#/users?q=zoe%40example.org')
  await page.getByText('No one by the name or id “zoe@example.org”').waitFor()
  await page.looks('nobody found')
  await page.getByRole('link', { name: 'Open “zoe@example.org” anyway' }).click()
  await heading(page, 'zoe@example.org')
  await page.getByText('The policy doesn’t name zoe@example.org.').waitFor()
  await counts(page.getByRole('button', { name: 'Remove all access…' }), 0)
  await page.getByRole('checkbox', { name: 'Finance' }).check()
  await review(page)
  await save(page)
  await saved(page)

  await page.getByRole('button', { name: 'Remove all access…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('zoe@example.org in Finance').waitFor()
  await dialog.getByRole('heading', { name: /^Lose/ }).waitFor()
  await dialog.getByText('Adjust balances, with a reason').waitFor()
  await page.looks('off-boarding')
  await dialog.getByRole('button', { name: 'Remove all access' }).click()
  await page.getByText('zoe@example.org may do nothing.').waitFor()
  await eventually(async () => assert.equal((await ask(page, 'GET', '/users/zoe%40example.org')).known, false))
  page.check()
})

test('two people change the same user: the draft is kept beside what the other one did', async () => {
  const [mine, theirs] = await Promise.all([open(host, '#/users/ivo', { expected: ['412'] }), open(host, '#/users/ivo')])
  await mine.getByRole('checkbox', { name: 'Finance' }).check()
  await mine.getByRole('checkbox', { name: 'Trainees' }).check()
  await theirs.getByRole('checkbox', { name: 'Compliance' }).check()
  await theirs.getByRole('checkbox', { name: 'Trainees' }).check()
  await review(theirs)
  await save(theirs)
  await saved(theirs)

  await review(mine)
  const yours = bar(mine)
  await yours.getByText(/(ana|Ana.*) has changed this in the meantime\./).waitFor()
  const side = (name) => yours.locator('section', { has: mine.getByRole('heading', { name, exact: true }) })
  await shows(side('Yours'), /Group Finance/)
  await shows(side('Theirs, already saved'), /Group Compliance/)
  await shows(side('Both of you'), /Group Trainees/)
  await mine.looks('conflict')
  await yours.getByRole('button', { name: 'Keep my draft, on the new version' }).click()
  await shows(bar(mine), /1 added/)
  await review(mine)
  await save(mine)
  await saved(mine)
  const { groups } = await ask(mine, 'GET', '/users/ivo/groups')
  assert.deepEqual(groups.map((membership) => membership.group), ['Compliance', 'Finance', 'Requests desk', 'Trainees'])
  mine.check()
  theirs.check()
})

test('who may only look, or only assign members of one group, is told why the rest isn’t offered', async () => {
  const admin = await open(host, '#/users')
  const views = ['rightful.groups:view', 'rightful.users:view']
  await ask(admin, 'POST', '/changes', {
    operations: [
      { method: 'POST', path: '/groups', body: { name: 'Viewers', permissions: { grants: views } } },
      { method: 'POST', path: '/groups', body: { name: 'Leads', permissions: { grants: [...views, 'rightful.members/Requests desk:assign'] } } },
      { method: 'PUT', path: '/groups/Viewers/members/emil' },
      { method: 'PUT', path: '/groups/Leads/members/finn' },
    ],
  })
  admin.check()

  const viewer = await open(host, '#/users/ben', { user: 'emil' })
  await viewer.getByText('You can look, but not change anything here.').waitFor()
  await viewer.getByText('rightful.users:update').waitFor()
  await counts(viewer.getByRole('checkbox'), 0)
  await counts(viewer.getByRole('button', { name: 'Remove all access…' }), 0)
  await counts(viewer.getByRole('combobox', { name: 'Permission' }), 0)
  await viewer.looks('only looking')
  viewer.check()

  const lead = await open(host, '#/users/cleo', { user: 'finn' })
  const desk = lead.getByRole('checkbox', { name: 'Requests desk' })
  await desk.check()
  await eventually(async () => assert.ok(await lead.getByRole('checkbox', { name: 'Finance' }).isDisabled()))
  await lead.looks('assigning one group')
  await review(lead)
  await save(lead)
  await saved(lead)
  await eventually(async () => assert.ok(await desk.isChecked()))
  lead.check()
})

test('two people are compared by what they may do', async () => {
  const page = await open(host, '#/compare-users?left=hugo')
  await page.getByText('Choose two people').waitFor()
  await page.getByRole('combobox', { name: 'Search by name or id' }).fill('dana')
  await page.getByRole('option', { name: /dana/ }).click()
  const column = (name) => page.locator('section', { has: page.getByRole('heading', { name, exact: true }) })
  await column(/^Only Hugo/).getByText('clients.requests.deposit:view').waitFor()
  await column('Both').getByText('finance.balances:adjust').waitFor()
  await column(/^Only Dana/).getByText('None').waitFor()
  await page.looks('comparison')
  await page.getByRole('button', { name: 'Swap' }).click()
  await column(/^Only Dana/).getByText('None').waitFor()
  await eventually(() => assert.match(page.url(), /left=dana&right=hugo/))
  page.check()
})

test('a user prints with every origin, and is in German for those who read it', async () => {
  const page = await open(host, '#/users/hugo?view=print')
  await heading(page, /hugo/)
  await page.getByRole('table', { name: 'Effective permissions' }).getByText('Adjust balances').waitFor()
  await counts(page.getByRole('checkbox'), 0)
  await page.looks('a printed user')
  page.check()

  const german = await open(host, '#/users/hugo', { locale: 'de-DE' })
  await german.getByRole('heading', { level: 2, name: 'Wirksame Berechtigungen' }).waitFor()
  await german.getByText('In 2 Gruppen, mit 6 Berechtigungen').waitFor()
  await german.looks('German')
  german.check()
})
