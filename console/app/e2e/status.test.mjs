import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { startTesthost } from './host.mjs'

let host
before(async () => (host = await startTesthost('-changes', '2100')))
after(() => host.stop())

const card = (page, name) => page.getByRole('main').locator('section').filter({ has: page.getByRole('heading', { level: 2, name }) })

async function post(page, path, form) {
  const answer = await page.request.post(host.address + path, { form })
  assert.ok(answer.ok(), await answer.text())
  return answer.json()
}

test('the status says when all is well', async () => {
  const page = await open(host, '#/status')
  await page.getByText('All is well').waitFor()
  await page.getByText('It answers. Changes can be saved.').waitFor()
  await card(page, 'Bad rows').getByText('There are none').waitFor()
  await page.looks('status')
  page.check()
})

test('bad rows are named, with the people they deny everything and how to repair them', async () => {
  const page = await open(host, '#/status', { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.getByText('All is well').waitFor()
  const id = await post(page, '/rows', { row: 'p, group:Team 00, orders, ship, perhaps' })
  const rows = card(page, 'Bad rows')
  await rows.getByRole('heading', { name: `Row ${id} Denies everything` }).waitFor()
  await page.getByText('Needs a look', { exact: true }).waitFor()
  await rows.getByText('p, group:Team 00, orders, ship, perhaps').waitFor()
  await eventually(async () => assert.equal(await rows.getByRole('link', { name: 'Team 00' }).getAttribute('href'), '#/groups/Team%2000'))
  await rows.getByText('How to repair it').click()
  await rows.getByRole('button', { name: `Copy: rightful repair ${id}`, exact: true }).click()
  await rows.getByRole('button', { name: `Copied: rightful repair ${id}`, exact: true }).waitFor()
  await eventually(async () => assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `rightful repair ${id}`))
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await picture(page, 'console-status')
  await page.looks('a bad row')
  page.check()
})

test('rules without a permission and differences from the seed are named, with links', async () => {
  const page = await open(host, '#/status')
  await post(page, '/rows', { row: 'p, group:Leads, invoices, view, allow' })
  const undeclared = card(page, 'Rules for permissions that the application doesn’t have')
  await undeclared.getByText('invoices:view').waitFor()
  await eventually(async () => assert.equal(await undeclared.getByRole('link', { name: 'Leads may' }).getAttribute('href'), '#/groups/Leads'))
  await card(page, 'Differences from the seed').getByText('2 rules and memberships were added').waitFor()
  await page.looks('differences from the seed')
  page.check()
})

test('what ends soon is listed, the first to end at the top, and more on demand', async () => {
  const page = await open(host, '#/status')
  const endings = card(page, 'What ends soon')
  await endings.getByText('Nothing does').waitFor()
  for (let i = 0; i < 25; i++) {
    const until = new Date(Date.now() + (48 - i) * 3_600_000).toISOString()
    assert.equal((await page.request.put(`${host.address}/api/v1/groups/Leads/members/guest${i}?until=${until}`)).status(), 204)
  }
  await endings.getByText('25', { exact: true }).waitFor()
  const first = endings.getByRole('listitem').first()
  await first.getByRole('link', { name: 'guest24' }).waitFor()
  await shows(first, /^guest24 in Leads until .*\(in 2\d hours\)$/)
  await eventually(async () => assert.equal(await first.getByRole('link', { name: 'Leads' }).getAttribute('href'), '#/groups/Leads'))
  await counts(endings.getByRole('listitem'), 20)
  await endings.getByRole('button', { name: 'Show more' }).click()
  await endings.getByRole('link', { name: 'guest0', exact: true }).waitFor()
  await counts(endings.getByRole('listitem'), 25)
  await page.looks('what ends soon')
  page.check()
})

test('what has ended lately is listed, with the change that removed it', async () => {
  const page = await open(host, '#/status')
  const ended = card(page, 'What has ended lately')
  await ended.getByText('No membership ended by itself in the last 30 days.').waitFor()
  await ended.getByText('Only the last 200 changes were looked through.').waitFor()
  const until = new Date(Date.now() + 2_000).toISOString()
  assert.equal((await page.request.put(`${host.address}/api/v1/groups/Leads/members/visitor?until=${until}`)).status(), 204)
  const row = ended.getByRole('listitem')
  await eventually(async () => shows(row, /^visitor in Leads on .*\(.*\)$/))
  await page.looks('what has ended')
  await row.getByRole('link', { name: /^on / }).click()
  await page.getByText('Memberships ended').waitFor()
  await page.getByText('because its time had come').waitFor()
  page.check()
})

test('a database that is away is told in words', async () => {
  const page = await open(host, '#/status', { expected: ['503'] })
  await page.getByText('It answers.').waitFor()
  await page.request.post(host.address + '/store/away')
  try {
    await page.getByText('Database away').waitFor()
    await card(page, 'Now').getByText('It can’t be reached.').waitFor()
    await page.looks('database away')
  } finally {
    await page.request.post(host.address + '/store/back')
  }
  page.check()
})

test('changes that were moved to a file say so', async () => {
  const page = await open(host, '#/status', { expected: ['404'] })
  const revision = await post(page, '/archive', {})
  await page.goto(host.address + '/console/#/changes/2')
  await page.getByText('This change is no longer in the database').waitFor()
  await page.looks('an archived change')
  await page.goto(`${host.address}/console/#/changes/${revision}`)
  await page.getByText(/^Changes 1 through [\d,]+ were moved to a file\.$/).waitFor()
  await page.getByText('This can’t be reverted.').waitFor()
  await counts(page.getByRole('button', { name: 'Revert…' }), 0)
  await page.looks('an archive')
  page.check()
})
