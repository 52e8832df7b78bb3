import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture } from './browser.mjs'
import { start } from './host.mjs'

let host
before(async () => (host = await start()))
after(() => host.stop())

const cell = (page, name) => page.getByRole('checkbox', { name })
const grid = (page) => page.getByRole('grid', { name: 'Permissions by group' })

/** Rules are the own rules of a group, as the REST interface has them. */
async function rules(page, group) {
  const answer = await page.request.get(`${host.address}/api/v1/groups/${encodeURIComponent(group)}/permissions`)
  return answer.json()
}

test('each cell says how a group holds a permission', async () => {
  const page = await open(host, '#/matrix')
  await grid(page).waitFor()
  for (const [name, checked] of [
    ['Requests desk: Update client\'s requests with type Deposit, granted directly', true],
    ['Requests desk: View client\'s requests with type Transfer, by the wildcard clients.requests.*:view', true],
    ['Trainees: Update client\'s requests with type Deposit, inherited from Requests desk (clients.requests.deposit:update)', true],
    ['Trainees: Update client\'s requests with type Withdrawal, inherited from Requests desk (clients.requests.withdrawal:update), restricted by Trainees (clients.requests.withdrawal:update)', false],
    ['Finance: Edit client profiles, not held', false],
  ]) {
    await cell(page, name).waitFor()
    await eventually(async () => assert.equal(await cell(page, name).isChecked(), checked, name))
  }
  await cell(page, /^Administrators: Edit client profiles/).click()
  await page.getByText('Administrators always holds every permission.').waitFor()
  await counts(page.getByRole('button', { name: 'Review…' }), 0)
  await page.looks('matrix')
  page.check()
})

test('ticks in two groups are reviewed together and saved as one change', async () => {
  const page = await open(host, '#/matrix')
  await cell(page, 'Compliance: Edit client profiles, not held').click()
  await cell(page, 'Deposit viewers: View client\'s requests with type Deposit, granted directly').click()
  await page.getByText('1 added').waitFor()
  await page.getByText('1 removed').waitFor()
  await picture(page, 'console-matrix')
  await page.looks('draft in the matrix')
  await page.reload() // which keeps the draft
  await cell(page, 'Compliance: Edit client profiles, granted directly').waitFor()
  await page.getByRole('button', { name: 'Review…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Review changes to 2 groups' })
  await dialog.getByRole('heading', { name: 'Gain' }).waitFor()
  await dialog.getByText('emil').waitFor()
  await dialog.getByText('cleo').first().waitFor()
  await page.looks('review of the matrix')
  await dialog.getByLabel('Reason (optional)').fill('Quarterly review')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const saved = page.getByRole('link', { name: /^change \d+$/ })
  await saved.waitFor()
  await eventually(async () => assert.ok((await rules(page, 'Compliance')).grants.includes('clients.profiles:update')))
  await eventually(async () => assert.deepEqual((await rules(page, 'Deposit viewers')).grants, []))
  await counts(page.getByRole('button', { name: 'Review…' }), 0)
  await saved.click()
  await page.getByText('Quarterly review').waitFor()
  await page.getByText('Compliance may').waitFor()
  await page.getByText('Deposit viewers may').waitFor()
  page.check()
})

test('by keyboard alone a permission is granted and reviewed', async () => {
  const page = await open(host, '#/matrix?q=balances')
  await cell(page, /^Administrators: Adjust balances/).waitFor()
  for (let i = 0; (await page.evaluate(() => document.activeElement?.getAttribute('role'))) !== 'checkbox' || i === 0; i++) {
    assert.ok(i < 40, 'the grid is never reached')
    await page.keyboard.press('Tab')
  }
  await eventually(async () => assert.match(await focused(page), /^Administrators: Adjust balances/))
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await eventually(async () => assert.match(await focused(page), /^Compliance: View balances/))
  await page.keyboard.press('End')
  await eventually(async () => assert.match(await focused(page), /^User without access: View balances/))
  await page.keyboard.press('Control+Home')
  await eventually(async () => assert.match(await focused(page), /^Administrators: Adjust balances/))
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await cell(page, 'Compliance: Adjust balances, with a reason, granted directly').waitFor()
  await eventually(async () => assert.match(await focused(page), /^Compliance: Adjust balances, with a reason, granted directly/))
  await page.keyboard.press('Space')
  await eventually(async () => assert.match(await focused(page), /not held$/))
  await page.keyboard.press('Space')
  for (let i = 0; !(await focused(page)).startsWith('Review'); i++) {
    assert.ok(i < 10, 'Review is never reached')
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('heading', { name: 'Gain' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await eventually(async () => assert.match(await focused(page), /^Review/))
  await page.getByRole('button', { name: 'Discard' }).click()
  page.check()
})

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')

test('search, chosen groups and differences stand in the address', async () => {
  const page = await open(host, '#/matrix')
  await page.getByRole('button', { name: 'Groups: all 7…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Which groups to show' })
  await dialog.getByLabel('Requests desk').check()
  await dialog.getByLabel('Trainees').check()
  await page.looks('choice of groups')
  await dialog.getByRole('button', { name: 'Done' }).click()
  await eventually(async () => assert.deepEqual(await grid(page).getByRole('columnheader').allTextContents(), ['Permission', 'Requests desk', 'Trainees']))
  await page.getByLabel('Differences only').check()
  await page.getByText('1 permission', { exact: true }).waitFor()
  await eventually(async () => assert.deepEqual(await grid(page).getByRole('rowheader').locator('code').allTextContents(), ['clients.requests.withdrawal:update']))
  await page.reload()
  await page.getByRole('button', { name: 'Groups: 2 of 7…' }).waitFor()
  await eventually(async () => assert.deepEqual(await grid(page).getByRole('rowheader').locator('code').allTextContents(), ['clients.requests.withdrawal:update']))
  await page.getByLabel('Search permissions').fill('nothing like this')
  await page.getByText('No permission matches.').waitFor()
  await page.looks('empty matrix')
  page.check()
})

test('what another rule gives can be granted directly as well, but not taken away here', async () => {
  const page = await open(host, '#/matrix?q=transfer')
  await cell(page, /^Requests desk: View client's requests with type Transfer, by the wildcard/).click()
  await page.getByText('To take it away, change that rule.').waitFor()
  await counts(page.getByRole('button', { name: 'Review…' }), 0)
  await page.getByRole('button', { name: 'Grant directly too' }).click()
  await cell(page, /^Requests desk: View client's requests with type Transfer, granted directly, by the wildcard/).waitFor()
  await page.getByRole('button', { name: 'Discard' }).click()
  page.check()
})

test('another person’s change to a group of the draft is shown beside it', async () => {
  const page = await open(host, '#/matrix', { expected: ['412'] })
  const patch = (body) => page.request.patch(`${host.address}/api/v1/groups/Finance/permissions`, { data: body })
  await cell(page, 'Finance: View client profiles, not held').click()
  await patch({ grant: ['clients.profiles:update'] })
  await page.getByRole('button', { name: 'Review…' }).click()
  const bar = page.getByRole('region', { name: 'Changes that aren’t saved' })
  await bar.getByRole('heading', { name: 'Theirs, already saved' }).waitFor()
  await bar.getByText('Finance: clients.profiles:update').waitFor()
  await bar.getByText('Finance: clients.profiles:view').waitFor()
  await page.looks('conflict in the matrix')
  await bar.getByRole('button', { name: 'Keep my draft, on the new version' }).click()
  await page.getByRole('button', { name: 'Review…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Save' }).waitFor()
  await patch({ revoke: ['clients.profiles:update'] }) // while the review is open
  await dialog.getByRole('button', { name: 'Save' }).click()
  await bar.getByText('Nothing was saved; review again.').waitFor()
  await bar.getByRole('button', { name: 'Keep my draft, on the new version' }).click()
  await page.getByRole('button', { name: 'Review…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: /^change \d+$/ }).waitFor()
  await eventually(async () => assert.deepEqual((await rules(page, 'Finance')).grants.sort(), ['clients.profiles:view', 'finance.*:*']))
  page.check()
})

test('on a phone it is one group at a time', async () => {
  const page = await open(host, '#/matrix', { width: 320, height: 700 })
  await page.getByLabel('Group', { exact: true }).selectOption('Trainees')
  await counts(page.getByRole('grid'), 0)
  await page.getByRole('checkbox', { name: /^Update client's requests with type Withdrawal .*restricted by Trainees/ }).waitFor()
  await page.getByRole('checkbox', { name: /^Edit client profiles/ }).click()
  await page.getByText('1 added').waitFor()
  await picture(page, 'console-matrix-phone')
  await page.reload()
  await eventually(async () => assert.equal(await page.getByLabel('Group', { exact: true }).inputValue(), 'Trainees'))
  await eventually(async () => assert.equal(await page.getByRole('checkbox', { name: /^Edit client profiles/ }).isChecked(), true))
  await page.getByRole('button', { name: 'Discard' }).click()
  page.check()
})

test('who may only look sees why nothing can be ticked', async () => {
  const admin = await open(host, '#/matrix')
  await admin.request.patch(`${host.address}/api/v1/users/noor/permissions`, { data: { grant: ['rightful.groups:view'] } })
  const page = await open(host, '#/matrix', { user: 'noor', expected: ['403'] })
  await cell(page, 'Compliance: View balances, not held').click()
  await page.getByText('you lack rightful.groups:update').waitFor()
  await eventually(async () => assert.equal(await cell(page, 'Compliance: View balances, not held').getAttribute('aria-readonly'), 'true'))
  await counts(page.getByRole('button', { name: 'Review…' }), 0)
  page.check()
})
