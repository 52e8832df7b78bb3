// The list of groups: search, create, clone, compare.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { start, startTesthost } from './host.mjs'
import { as } from './policy.mjs'

let host, small, ana
before(async () => {
  ;[host, small] = await Promise.all([start(), startTesthost()])
  ana = await as(host, 'ana')
})
after(() => Promise.all([host.stop(), small.stop()]))

test('the list says what each group holds, and why Administrators is locked', async () => {
  const page = await open(host, '')
  const row = page.getByRole('row', { name: /Requests desk/ }).first()
  await row.waitFor()
  await shows(row, /Approves and rejects clients' deposit and withdrawal requests.*2.*10 of 36.*Seed/)
  await shows(page.getByRole('row', { name: /Trainees/ }), /inherits 1 group.*9 of 36/)
  await shows(page.getByRole('row', { name: /Administrators/ }), /Protected.*so that nobody can lock everybody out.*36 of 36/)
  await page.looks('list')
  await picture(page, 'console-groups')
  page.check()
})

test('a search is kept in the address, and says when nothing is found', async () => {
  const page = await open(host, '#/groups')
  await page.getByRole('searchbox', { name: 'Search groups' }).fill('deposit')
  await page.getByText('2 of 7 groups').waitFor()
  await page.reload()
  await page.getByText('2 of 7 groups').waitFor()
  await page.getByRole('searchbox').fill('nothing like it')
  await page.getByText('No group has “nothing like it” in its name or description.').waitFor()
  await page.looks('nothing found')
  await page.getByRole('button', { name: 'Show all groups' }).click()
  await page.getByRole('link', { name: 'Finance' }).waitFor()
  page.check()
})

test('a group is created, and then filled', async () => {
  const page = await open(host, '#/groups')
  await page.getByRole('link', { name: 'New group' }).click()
  await page.getByRole('button', { name: 'Review…' }).click()
  await page.getByText('A group needs a name.').waitFor()
  await eventually(async () => assert.ok(await page.getByRole('textbox', { name: 'Name' }).evaluate((element) => element === document.activeElement)))
  await page.getByRole('textbox', { name: 'Name' }).fill('finance')
  await page.getByText('There already is a group with this name.').waitFor()
  await page.looks('new group')
  await page.getByRole('textbox', { name: 'Name' }).fill('Auditors')
  await page.getByRole('textbox', { name: 'Description' }).fill('Reads the books')
  await page.reload()
  await eventually(async () => assert.equal(await page.getByRole('textbox', { name: 'Name' }).inputValue(), 'Auditors'))
  await page.getByRole('button', { name: 'Review…' }).click()
  await page.getByRole('dialog').getByText('The group Auditors is created').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { level: 1, name: 'Auditors' }).waitFor()
  await page.getByText(/^0 of 3\d permissions held/).waitFor()
  const { body } = await ana('GET', '/api/v1/groups/Auditors')
  assert.deepEqual([body.description, body.permissions.grants, body.member_count], ['Reads the books', [], 0])
  page.check()
})

test('a clone has the rules and inheritance of the other, and its members if wanted', async () => {
  const page = await open(host, '#/groups/Trainees')
  await page.getByRole('link', { name: 'Clone' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Second trainees')
  await page.getByText('1 rule is copied, and 1 group is inherited.').waitFor()
  await page.getByRole('checkbox', { name: 'Put its 1 member into the new group as well' }).check()
  await page.getByRole('button', { name: 'Review…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('finn in Second trainees').waitFor()
  await page.looks('clone')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { level: 1, name: 'Second trainees' }).waitFor()
  const { body } = await ana('GET', '/api/v1/groups/Second%20trainees')
  assert.deepEqual([body.inherits, body.permissions.restrictions, body.member_count], [['Requests desk'], ['clients.requests.withdrawal:update'], 1])
  page.check()
})

test('two groups beside each other show where they differ, and how each holds it', async () => {
  const page = await open(host, '#/groups/Trainees')
  await page.getByRole('link', { name: 'Compare' }).click()
  await page.getByText('Choose two groups').waitFor()
  await page.getByRole('combobox', { name: 'Second group' }).selectOption('Compliance')
  const left = page.getByRole('table', { name: 'Only Trainees' })
  await shows(left.getByRole('row', { name: /Book operations/ }), /from Requests desk.*no/)
  const right = page.getByRole('table', { name: 'Only Compliance' })
  await shows(right.getByRole('row', { name: /View client profiles/ }), /no.*by clients\.\*:view/)
  await counts(page.getByRole('row', { name: /requests with type Deposit/ }).filter({ hasText: 'View' }), 0) // both hold it
  await page.getByRole('checkbox', { name: 'Show what both hold, too' }).check()
  await page.getByRole('table', { name: 'Both' }).getByRole('row', { name: /View client's requests with type Deposit/ }).waitFor()
  await page.looks('comparison')
  await picture(page, 'console-compare-groups')
  await page.getByRole('button', { name: 'Swap' }).click()
  await page.waitForURL(/a=Compliance&b=Trainees/)
  page.check()
})

test('who may not create groups isn’t offered it, and is told why at its address', async () => {
  const page = await open(small, '#/groups', { user: 'vera' })
  await page.getByRole('link', { name: 'Team 00' }).waitFor()
  await counts(page.getByRole('link', { name: 'New group' }), 0)
  await page.goto(small.address + '/console/#/new-group')
  await page.getByText(/You may not create groups/).waitFor()
  await shows(page.locator('main'), /rightful\.groups:create/)
  page.check()
})
