// One group, as in the second help page: open it, tick permissions by category, see what that does, save.
import assert from 'node:assert/strict'
import { cp, appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { start, startTesthost } from './host.mjs'
import { as } from './policy.mjs'

let host, small, folder, ana
before(async () => {
  // Compliance gets a rule that the catalog no longer knows: the first start has a permission that the second hasn't.
  folder = await mkdtemp(join(tmpdir(), 'rightful-group-'))
  const seed = join(folder, 'seed')
  await cp(new URL('../../../examples/backoffice/seed', import.meta.url).pathname, seed, { recursive: true })
  await appendFile(join(seed, 'permissions.csv'), 'Archive,archive.files:view,View the archive\n')
  await appendFile(join(seed, 'policy.csv'), 'p, group:Compliance, archive.files, view, allow\n')
  const db = ['-db', 'sqlite:' + join(folder, 'group.db')]
  await (await start(...db, '-seed', seed)).stop()
  ;[host, small] = await Promise.all([start(...db), startTesthost()])
  ana = await as(host, 'ana')
})
after(async () => {
  await Promise.all([host.stop(), small.stop()])
  await rm(folder, { recursive: true, force: true })
})

const group = (name, view) => `#/groups/${encodeURIComponent(name)}${view ? `?view=${view}` : ''}`
const box = (page, name) => page.getByRole('checkbox', { name })
const bar = (page) => page.getByRole('region', { name: /not saved|aren’t saved|unsaved/i })
const review = async (page) => {
  await page.getByRole('button', { name: 'Review…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'What changes' }).waitFor()
  return dialog
}
const save = async (page) => {
  const dialog = await review(page)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. It takes effect with the next request.').waitFor()
}
const grantsOf = async (name) => (await ana('GET', `/api/v1/groups/${encodeURIComponent(name)}`)).body.permissions.grants

test('tick permissions by category, see who gains what, save, and it counts', async () => {
  const ben = await as(host, 'ben')
  assert.equal((await ben('GET', '/profiles')).status, 403)
  const page = await open(host, '#/groups')
  await page.getByRole('link', { name: 'Requests desk' }).click()
  await page.getByRole('heading', { level: 1, name: 'Requests desk' }).waitFor()
  await box(page, 'All of Profiles').check()
  await box(page, 'Book operations').uncheck()
  await shows(bar(page), /2 added.*1 removed/)
  await eventually(async () => assert.ok(await box(page, 'View client profiles').isChecked()))
  await picture(page, 'console-group')

  const dialog = await review(page)
  await shows(dialog, /Gain.*Ben Carter \(ben\), Finn O’Neill \(finn\) and Ivo Petrov \(ivo\).*clients\.profiles:view/)
  await shows(dialog, /Lose.*Ben Carter \(ben\) and Finn O’Neill \(finn\).*finance\.operations:create/) // ivo is restricted from it anyway
  await dialog.getByLabel('Reason').fill('Profile checks moved to the desk')
  await picture(page, 'console-review')
  await page.looks('review')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. It takes effect with the next request.').waitFor()
  await counts(bar(page), 0)
  assert.equal((await ben('GET', '/profiles')).status, 200)
  const { body } = await ana('GET', '/api/v1/changes?limit=1')
  assert.equal(body.items[0].reason, 'Profile checks moved to the desk')
  assert.deepEqual([body.items[0].added_count, body.items[0].removed_count], [2, 1])
  page.check()
})

test('rows say what grants them: a rule, a wildcard, another group; and restrictions show', async () => {
  const page = await open(host, group('Trainees'))
  const row = (label) => page.getByRole('listitem').filter({ has: box(page, label) })
  await row('Update client\'s requests with type Deposit').getByRole('link', { name: 'Requests desk' }).waitFor()
  await eventually(async () => assert.ok(await box(page, 'Update client\'s requests with type Deposit').isDisabled()))
  const restricted = row('Update client\'s requests with type Withdrawal')
  await shows(restricted, /granted as well.*restricted/)
  await eventually(async () => assert.ok(!(await box(page, 'Update client\'s requests with type Withdrawal').isChecked())))
  await restricted.getByRole('button', { name: /^Lift/ }).click()
  await shows(restricted, /restriction lifted/)
  await page.getByRole('button', { name: 'Restrict: View operations' }).click()
  await shows(bar(page), /1 added.*1 removed/)
  const dialog = await review(page)
  await shows(dialog, /Lose.*finn.*finance\.operations:view/)
  await page.keyboard.press('Escape')
  await bar(page).getByRole('button', { name: 'Discard' }).click()
  await shows(restricted, /restricted/)
  page.check()
})

test('a wildcard is granted and taken away, and says what it covers', async () => {
  const page = await open(host, group('Deposit viewers'))
  const whole = box(page, 'All of Client\'s request, also what is added later')
  await whole.check()
  await eventually(async () => assert.ok(await box(page, 'Update client\'s requests with type Transfer').isDisabled()))
  await shows(page.getByRole('region', { name: 'Clients › Client\'s request' }), /8 of 8/)
  await page.getByRole('combobox', { name: 'Add a wildcard or a code' }).fill('finance.*:view')
  await page.getByRole('option', { name: /finance\.\*:view/ }).click()
  await shows(page.getByRole('region', { name: 'Finance', exact: true }), /All “view” of Finance/)
  await save(page)
  await eventually(async () => assert.deepEqual((await grantsOf('Deposit viewers')).sort(), ['clients.requests.*:*', 'clients.requests.deposit:view', 'finance.*:view']))
  await whole.uncheck()
  await box(page, 'All “view” of Finance, also what is added later').uncheck()
  await shows(bar(page), /2 removed/)
  await save(page)
  await eventually(async () => assert.deepEqual(await grantsOf('Deposit viewers'), ['clients.requests.deposit:view']))
  page.check()
})

test('rules that the catalog doesn’t know stay visible and survive a save', async () => {
  const page = await open(host, group('Compliance'))
  const other = page.getByRole('listitem').filter({ hasText: 'archive.files:view' })
  await shows(other, /not in the catalog/)
  await eventually(async () => assert.ok(await other.getByRole('checkbox').isChecked()))
  await box(page, 'View balances').check()
  await save(page)
  await eventually(async () => assert.deepEqual((await grantsOf('Compliance')).sort(), ['archive.files:view', 'clients.*:view', 'finance.balances:view', 'finance.reports:export']))
  await eventually(async () => assert.ok(await other.getByRole('checkbox').isChecked()))
  page.check()
})

test('a search keeps the categories and says what select would select', async () => {
  const page = await open(host, group('Finance'))
  await page.getByRole('searchbox', { name: 'Search permissions' }).fill('verification')
  await page.getByText('2 permissions found').waitFor()
  await eventually(async () => assert.deepEqual(await page.locator('main').getByRole('heading', { level: 2 }).allTextContents(), ['Clients']))
  await page.getByRole('button', { name: 'Select the 2 found that aren’t held' }).click()
  await shows(bar(page), /2 added/)
  await page.getByRole('searchbox').fill('nowhere at all')
  await page.getByText('No permission has “nowhere at all” in its label, code or category.').waitFor()
  await page.looks('empty search')
  await page.getByRole('button', { name: 'Show all permissions' }).click()
  await page.getByRole('combobox', { name: 'Show' }).selectOption('changed')
  await page.getByText('2 permissions found').waitFor()
  page.check()
})

test('a draft survives a reload, and leaving asks once', async () => {
  const page = await open(host, group('Finance'))
  await box(page, 'View client profiles').check()
  await page.reload()
  await shows(bar(page), /1 added/)
  await eventually(async () => assert.ok(await box(page, 'View client profiles').isChecked()))
  await page.getByRole('link', { name: 'Members' }).click() // another view isn't leaving
  const asked = []
  let answer = 'dismiss'
  page.on('dialog', (dialog) => {
    asked.push(dialog.message())
    return dialog[answer]()
  })
  await page.getByRole('link', { name: 'Users' }).click()
  await page.waitForURL(/#\/groups\/Finance/)
  assert.equal(asked.length, 1)
  await shows(bar(page), /1 added/)
  answer = 'accept'
  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
  assert.equal(asked.length, 2)
  await page.goto(host.address + '/console/' + group('Finance'))
  await box(page, 'View client profiles').waitFor()
  await counts(bar(page), 0)
  page.check()
})

test('two browsers in conflict: the draft is kept, and shows yours, theirs and both', async () => {
  const page = await open(host, group('User without access'), { expected: ['412'] })
  await box(page, 'View settings').check()
  await box(page, 'View balances').check()
  const other = await open(host, group('User without access'))
  await box(other, 'View balances').check()
  await box(other, 'View operations').check()
  await save(other)
  await page.getByText('ana has changed this in the meantime.').waitFor()
  const notice = await bar(page).textContent()
  assert.match(notice, /Yours.*View settings.*Theirs.*View operations.*Both of you.*View balances/)
  await eventually(async () => assert.ok(await page.getByRole('button', { name: 'Review…' }).isDisabled()))
  await picture(page, 'console-conflict')
  await page.getByRole('link', { name: 'Inheritance' }).click() // where the notice covers nothing
  await page.looks('conflict')
  await page.getByRole('button', { name: 'Keep my draft, on the new version' }).click()
  await shows(bar(page), /1 added(?!.*removed)/)
  await save(page)
  await eventually(async () => assert.deepEqual((await grantsOf('User without access')).sort(), ['finance.balances:view', 'finance.operations:view', 'system.settings:view']))
  page.check()
  other.check()
})

test('a conflict at the moment of saving keeps the draft as well', async () => {
  const page = await open(host, group('User without access'), { expected: ['412'] })
  await box(page, 'Export finance reports').check()
  const dialog = await review(page)
  await ana('PATCH', '/api/v1/groups/User%20without%20access/permissions', { revoke: ['finance.operations:view'] })
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('ana has changed this in the meantime.').waitFor()
  await shows(bar(page), /View operations.*1 added/)
  await page.getByRole('button', { name: 'Keep my draft, on the new version' }).click()
  await save(page)
  page.check()
})

test('from the list to a saved tick by keyboard alone', async () => {
  const page = await open(host, '#/groups')
  await page.getByRole('link', { name: 'Trainees' }).waitFor()
  const tabTo = async (locator) => {
    for (let i = 0; i < 80; i++) {
      if (await locator.evaluate((element) => element === document.activeElement)) return
      await page.keyboard.press('Tab')
    }
    assert.fail('Tab doesn’t get there')
  }
  await tabTo(page.getByRole('link', { name: 'Trainees' }))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Trainees' }).waitFor()
  await tabTo(box(page, 'All of Clients').first())
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowUp')
  await eventually(async () => assert.ok(await page.evaluate(() => document.activeElement.matches('input[type=checkbox]'))))
  await page.keyboard.press('Home')
  for (let i = 0; !(await box(page, 'View balances').evaluate((element) => element === document.activeElement)); i++) {
    assert.ok(i < 60)
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Space')
  await shows(bar(page), /1 added/)
  await page.keyboard.press('Control+s') // Review, without a way of a hundred stops
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'What changes' }).waitFor()
  await tabTo(dialog.getByRole('button', { name: 'Save' }))
  await page.keyboard.press('Enter')
  await page.getByText('Saved. It takes effect with the next request.').waitFor()
  await eventually(async () => assert.deepEqual(await grantsOf('Trainees'), ['finance.balances:view']))
  page.check()
})

test('members are found by typing, added with an end, removed and changed', async () => {
  const page = await open(host, group('Compliance', 'members'))
  await page.getByLabel('The membership ends').selectOption('week')
  const field = page.getByRole('combobox', { name: 'Add a person' })
  await field.fill('cle')
  await page.getByRole('option', { name: /cleo/ }).click()
  await page.getByLabel('The membership ends').selectOption('never')
  await field.fill('somebody.new')
  await page.getByRole('option', { name: /somebody\.new/ }).click()
  await page.getByRole('button', { name: 'Change the end for emil' }).click()
  await page.getByRole('list', { name: 'Members' }).getByLabel('The membership ends').selectOption('today')
  await shows(bar(page), /2 added.*1 changed/)
  await page.looks('members')
  await picture(page, 'console-members')
  const dialog = await review(page)
  await shows(dialog, /cleo in Compliance until/)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  const { body } = await ana('GET', '/api/v1/groups/Compliance/members')
  assert.deepEqual(body.items.map((m) => [m.user, m.until !== undefined]), [['cleo', true], ['emil', true], ['somebody.new', false]])
  await page.getByRole('button', { name: 'Remove somebody.new' }).click()
  await page.getByRole('button', { name: 'Remove cleo' }).click()
  await page.getByRole('button', { name: 'Undo for cleo' }).click()
  await save(page)
  await eventually(async () => assert.equal((await ana('GET', '/api/v1/groups/Compliance/members')).body.member_count, 2))
  page.check()
})

test('many members come a page at a time, and are found', async () => {
  const lines = Array.from({ length: 150 }, (_, i) => `g, person${String(i).padStart(3, '0')}, group:Finance`)
  assert.equal((await ana('POST', '/api/v1/imports?mode=merge', lines.join('\n'))).status, 200)
  const page = await open(host, group('Finance', 'members'))
  await page.getByText('1–100 of 152').waitFor()
  await page.getByRole('button', { name: 'Next page' }).click()
  await page.getByText('101–152 of 152').waitFor()
  await eventually(async () => assert.ok(await page.getByRole('link', { name: 'person149' }).isVisible()))
  await page.getByRole('button', { name: 'Previous page' }).click()
  await page.getByRole('searchbox', { name: 'Find a member' }).fill('person14')
  await page.getByRole('link', { name: 'person149' }).waitFor()
  await counts(page.getByRole('list', { name: 'Members' }).getByRole('listitem'), 10)
  page.check()
})

test('inheritance shows what it brings before it is saved', async () => {
  const page = await open(host, group('Requests desk', 'inheritance'))
  await page.getByRole('link', { name: 'Trainees' }).waitFor() // inherits it
  const field = page.getByRole('combobox', { name: 'Inherit a group' })
  await field.fill('train')
  await page.getByRole('option', { name: /^Trainees/ }).click()
  await page.getByText('Trainees can’t be inherited: it inherits Requests desk itself.').waitFor()
  await field.fill('fin')
  await page.getByRole('option', { name: /^Finance/ }).click()
  await page.getByText('brings 4 permissions').waitFor()
  await page.looks('inheritance')
  await page.getByRole('link', { name: 'Permissions' }).click()
  const row = page.getByRole('listitem').filter({ has: box(page, 'Adjust balances, with a reason') })
  await row.getByRole('link', { name: 'Finance' }).waitFor()
  await save(page)
  await eventually(async () => assert.deepEqual((await ana('GET', '/api/v1/groups/Requests%20desk')).body.inherits, ['Finance']))
  page.check()
})

test('the history says who changed what, and reverts it', async () => {
  const page = await open(host, group('Requests desk', 'history'))
  await page.getByText('Profile checks moved to the desk').waitFor()
  await page.looks('history')
  await page.getByRole('button', { name: /^Revert…/ }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Requests desk inherits Finance').waitFor()
  await dialog.getByRole('button', { name: 'Revert' }).click()
  await dialog.waitFor({ state: 'detached' })
  await eventually(async () => assert.deepEqual((await ana('GET', '/api/v1/groups/Requests%20desk')).body.inherits, []))
  page.check()
})

test('a group is renamed and described, then deleted with what that does', async () => {
  await ana('POST', '/api/v1/groups', { name: 'Night desk', permissions: { grants: ['finance.operations:view'] } })
  await ana('PUT', '/api/v1/groups/Night%20desk/members/gita')
  const page = await open(host, group('Night desk'), { expected: ['404'] })
  await page.getByRole('button', { name: 'Rename or describe' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Late desk')
  await page.getByRole('textbox', { name: 'Description' }).fill('After eight')
  await shows(bar(page), /2 changed/)
  await page.looks('details')
  const dialog = await review(page)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Late desk' }).waitFor()
  await page.getByText('After eight').waitFor()
  await page.getByRole('button', { name: 'Delete…' }).click()
  await page.getByText('Its 1 member is taken out of it.').waitFor()
  await shows(page.getByRole('dialog'), /Lose.*gita/)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  await eventually(async () => assert.equal((await ana('GET', '/api/v1/groups/Late%20desk')).status, 404))
  page.check()
})

test('a group that others inherit can’t be deleted, and it says by which', async () => {
  const page = await open(host, group('Requests desk'))
  await page.getByRole('button', { name: 'Delete…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/other groups inherit it: Trainees/).waitFor()
  await counts(dialog.getByRole('button', { name: 'Delete' }), 0)
  await page.looks('delete')
  page.check()
})

test('Administrators can be looked at, with the reason why it isn’t changed', async () => {
  const page = await open(host, group('Administrators'))
  await page.getByText(/always holds every permission/).waitFor()
  await counts(page.getByRole('checkbox').and(page.locator(':enabled')), 0)
  await counts(page.getByRole('button', { name: /Rename|Delete|Restrict/ }), 0)
  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByRole('combobox', { name: 'Add a person' }).waitFor()
  page.check()
})

test('on paper a group has what it holds and by which rule, and its members', async () => {
  const page = await open(host, group('Trainees', 'print'))
  const row = page.getByRole('table', { name: 'Permissions held' }).getByRole('row', { name: /View operations/ })
  await shows(row, /inherited: Trainees › Requests desk/)
  await page.getByText('finn').waitFor()
  await page.looks('print')
  await page.emulateMedia({ media: 'print' })
  await eventually(async () => assert.ok(!(await page.getByRole('button', { name: 'Print' }).isVisible())))
  page.check()
})

test('a delegate changes who is in one group, and nothing else', async () => {
  const page = await open(small, group('Team 00'), { user: 'lea' })
  await page.getByText(/You can change who is in this group, and nothing else of it/).waitFor()
  await counts(page.getByRole('checkbox').and(page.locator(':enabled')), 0)
  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByRole('combobox', { name: 'Add a person' }).fill('nina')
  await page.getByRole('option', { name: /nina/ }).click()
  await save(page)
  await page.getByRole('link', { name: 'nina' }).waitFor()
  await page.goto(small.address + '/console/' + group('Viewers', 'members'))
  await page.getByText(/You can look at this group, but not change it/).waitFor()
  await page.getByRole('link', { name: 'vera' }).waitFor()
  await counts(page.getByRole('button', { name: /Remove|Change the end/ }), 0)
  page.check()
})

test('who may only look sees everything, and why nothing is offered', async () => {
  const page = await open(small, group('Team 00'), { user: 'vera' })
  const notice = page.getByText(/You can look at this group, but not change it/)
  await notice.waitFor()
  await shows(notice, /rightful\.groups:update/)
  await eventually(async () => assert.ok(await box(page, 'View orders').isChecked()))
  await counts(page.getByRole('checkbox').and(page.locator(':enabled')), 0)
  await counts(page.getByRole('button', { name: /Rename|Clone|Delete|Restrict/ }), 0)
  await page.looks('view only')
  await notice.getByRole('link', { name: 'Why?' }).click()
  await page.getByRole('heading', { level: 1, name: /Why/ }).waitFor()
  page.check()
})

test('in German', async () => {
  const page = await open(host, group('Trainees'), { locale: 'de-DE' })
  await page.getByText(/von \d+ Berechtigungen vorhanden/).waitFor()
  await page.getByRole('link', { name: 'Vererbung' }).click()
  await page.getByRole('heading', { name: 'Was Trainees erbt' }).waitFor()
  page.check()
})
