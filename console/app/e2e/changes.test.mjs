import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { start } from './host.mjs'

let host
before(async () => (host = await start()))
after(() => host.stop())

const links = (page) => page.getByRole('main').getByRole('listitem').getByRole('link')

/** Write makes a change as ana and returns its revision. */
async function write(page, method, path, data, reason) {
  const headers = reason ? { 'Rightful-Reason': encodeURIComponent(reason) } : {}
  const answer = await page.request.fetch(`${host.address}/api/v1${path}`, { method, data, headers })
  assert.ok(answer.ok(), await answer.text())
  return Number(answer.headers()['rightful-revision'])
}

test('changes are listed with who, what and why, and each has an address', async () => {
  const page = await open(host, '#/changes')
  await page.getByRole('link', { name: /First policy written from the seed/ }).waitFor()
  const revision = await write(page, 'PATCH', '/groups/Finance/permissions', { grant: ['clients.profiles:view'] }, 'Quarterly review — Ø')
  await page.getByRole('link', { name: `${revision} Permissions of Finance changed` }).waitFor() // it is news
  await page.getByText('“Quarterly review — Ø”').waitFor()
  await page.getByText('+ Finance may clients.profiles:view').waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await picture(page, 'console-changes')
  await page.looks('changes')
  await page.getByRole('link', { name: `${revision} Permissions of Finance changed` }).click()
  await page.getByRole('heading', { level: 1, name: `Change ${revision}` }).waitFor()
  await eventually(() => assert.equal(new URL(page.url()).hash, `#/changes/${revision}`))
  await page.reload()
  await page.getByText('through the console or the REST interface').waitFor()
  await page.getByRole('heading', { name: 'Gain 2 people' }).waitFor()
  await page.getByText('Dana Novak (dana) and Hugo Weiss (hugo)').waitFor()
  await page.getByRole('link', { name: 'Ana Ortiz ana' }).waitFor()
  await picture(page, 'console-change')
  await page.looks('a change')
  page.check()
})

test('a change is reverted through a review, and leads to the change that did so', async () => {
  const page = await open(host, '#/changes')
  const revision = await write(page, 'PUT', '/groups/Finance/members/gita')
  await page.goto(`${host.address}/console/#/changes/${revision}`)
  await page.getByText('gita in Finance').waitFor()
  await page.getByRole('button', { name: 'Revert…' }).click()
  const dialog = page.getByRole('dialog', { name: `Revert change ${revision}?` })
  await dialog.getByRole('heading', { name: 'Lose 1 person' }).waitFor()
  await page.looks('review of a revert')
  await dialog.getByLabel('Reason (optional)').fill('By mistake')
  await dialog.getByRole('button', { name: 'Revert' }).click()
  await page.getByText('Reverted by').waitFor()
  await page.looks('a reverted change')
  await page.getByRole('status').getByRole('link', { name: `Change ${revision + 1}` }).click()
  await page.getByText(`Change ${revision} reverted`).waitFor()
  await page.getByText('By mistake').waitFor()
  const groups = await (await page.request.get(`${host.address}/api/v1/users/gita/groups`)).json()
  assert.deepEqual(groups.groups.map((g) => g.group), ['User without access'])
  await page.getByRole('definition').getByRole('link', { name: `Change ${revision}` }).click()
  await page.getByRole('button', { name: 'Revert…' }).click()
  await page.getByText('Nothing changes: all of it is so already.').waitFor() // a second time
  await eventually(async () => assert.equal(await page.getByRole('dialog').getByRole('button', { name: 'Revert' }).isDisabled(), true))
  page.check()
})

test('what can’t be reverted says why', async () => {
  const page = await open(host, '#/changes/1', { expected: ['409'] })
  await page.getByRole('button', { name: 'Revert…' }).click()
  await page.getByRole('alert').getByText('Administrators is protected:').waitFor()
  await page.looks('a revert that is refused')
  page.check()
})

test('filters are kept in the address', async () => {
  const page = await open(host, '#/changes')
  const revision = await write(page, 'PATCH', '/groups/Compliance/permissions', { grant: ['finance.balances:view'] })
  await page.getByLabel('Group').fill('Compliance')
  await page.waitForURL(/group=Compliance/)
  await page.getByText('2 changes', { exact: true }).waitFor()
  await page.getByLabel('Made by').fill('ana')
  await page.getByText('1 change', { exact: true }).waitFor()
  await shows(links(page).first(), new RegExp(`^${revision} `))
  await page.reload()
  await page.getByText('1 change', { exact: true }).waitFor()
  await eventually(async () => assert.equal(await page.getByLabel('Group').inputValue(), 'Compliance'))
  await page.getByLabel('From').fill('2020-01-01')
  await page.getByLabel('Through').fill('2020-02-01')
  await page.getByText('No change matches these filters.').waitFor()
  await page.looks('no change')
  await page.getByRole('link', { name: 'Show all changes' }).click()
  await page.getByRole('link', { name: /First policy written from the seed/ }).waitFor()
  await eventually(async () => assert.equal(await page.getByLabel('Group').inputValue(), ''))
  page.check()
})

test('more changes are shown when they are asked for', async () => {
  const page = await open(host, '#/status')
  for (let i = 0; i < 26; i++) {
    await write(page, 'PUT', '/groups/Compliance/members/hugo')
    await write(page, 'DELETE', '/groups/Compliance/members/hugo')
  }
  await page.goto(host.address + '/console/#/changes?user=hugo')
  await page.getByText('The newest 50 changes').waitFor()
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByText('53 changes').waitFor()
  await counts(page.getByRole('button', { name: 'Show more' }), 0)
  page.check()
})

test('a change that isn’t there says so', async () => {
  const page = await open(host, '#/changes/100000', { expected: ['404'] })
  await page.getByText('There is no such change.').waitFor()
  await page.goto(host.address + '/console/#/changes/nothing')
  await page.getByRole('heading', { level: 1, name: 'Changes', exact: true }).waitFor()
  await page.getByText('There is no such change.').waitFor()
  await page.looks('no such change')
  page.check()
})

test('who may only look isn’t offered to revert', async () => {
  const admin = await open(host, '#/status')
  await write(admin, 'PATCH', '/users/noor/permissions', { grant: ['rightful.changes:view'] })
  const page = await open(host, '#/changes/2', { user: 'noor', expected: ['403'] })
  await page.getByRole('heading', { level: 1, name: 'Change 2' }).waitFor()
  await page.getByText('You may not see users').waitFor()
  await page.getByText('You don’t have the rights to revert this.').waitFor()
  await counts(page.getByRole('button', { name: 'Revert…' }), 0)
  page.check()
})

test('a change whose record was damaged says so', async () => {
  const page = await open(host, '#/changes')
  const revision = await write(page, 'PUT', '/groups/Finance/members/gita')
  await page.route(`**/api/v1/changes/${revision}`, async (route) => {
    const change = await (await route.fetch()).json()
    await route.fulfill({ json: { ...change, added: [], added_count: 0, fault: 'the record can’t be read' } })
  })
  await page.goto(`${host.address}/console/#/changes/${revision}`)
  await page.getByText('what it changed isn’t known').waitFor()
  await page.getByRole('heading', { name: 'Who, when and why' }).waitFor()
  assert.equal(await page.getByRole('heading', { name: /Gain|Lose/ }).count(), 0)
  assert.equal(await page.getByRole('button', { name: 'Revert…' }).count(), 0)
  await page.looks('a damaged change')
  page.check()
})
