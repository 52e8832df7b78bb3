import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture } from './browser.mjs'
import { password, start } from './host.mjs'

let host
before(async () => (host = await start()))
after(() => host.stop())

const at = (path, options) => open(host, path, { mount: '', ...options })

test('a wrong password keeps one on the page, and the right one leads back', async () => {
  const page = await at('/login?return=' + encodeURIComponent('/console/#/groups/Finance'), { user: undefined, expected: ['401'] })
  await page.looks('sign in')
  await page.getByRole('link', { name: 'Ana Ortiz' }).click()
  await eventually(async () => assert.equal(await page.getByLabel('User', { exact: true }).inputValue(), 'ana'))
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await eventually(async () => assert.equal(await page.getByLabel('User', { exact: true }).inputValue(), 'ana'))
  await page.looks('wrong password')
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.name), 'password'))
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Finance' }).waitFor()
  await eventually(() => assert.equal(new URL(page.url()).hash, '#/groups/Finance'))
  page.check()
})

test('the pages of the back office are in order', async () => {
  const page = await at('/requests/2')
  await page.getByRole('button', { name: 'Reject' }).click()
  await page.getByRole('status').getByText('You rejected the request.').waitFor()
  await counts(page.getByRole('button', { name: 'Approve' }), 0)
  await page.looks('decided')
  for (const path of ['/', '/requests', '/operations', '/balances']) {
    await page.goto(host.address + path)
    await page.looks(path)
  }
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Console' }).click()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  page.check()
})

test('a 403 copies its text and leads into the console', async () => {
  const page = await at('/requests/1', { user: 'cleo', expected: ['403'], permissions: ['clipboard-read', 'clipboard-write'] })
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('heading', { level: 1, name: '403 Forbidden' }).waitFor()
  await page.looks('403')
  await picture(page, 'forbidden')
  await page.getByText('Send this text to an administrator.').click()
  await page.getByRole('button', { name: 'Copy the text' }).click()
  await page.getByRole('status').getByText('Copied.').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  const link = await page.getByRole('link', { name: 'Open in the console' }).evaluate((a) => a.href)
  assert.match(copied, /User: cleo\n[^]*finance\.operations:create/)
  assert.ok(copied.endsWith(link), copied)
  assert.ok(link.startsWith(host.address + '/console/#/why/'), link)
  page.check()
  const ana = await at(link.slice(host.address.length))
  await ana.getByText('Book operations').first().waitFor()
  await ana.getByRole('link', { name: 'Cleo Marchand cleo' }).first().waitFor()
  await ana.getByRole('navigation').getByRole('link', { name: 'Why 403?' }).click()
  await ana.getByRole('table').getByRole('link', { name: 'Cleo Marchand cleo' }).first().waitFor()
  ana.check()
})

test('the 403 works without JavaScript, in the reader’s language', async () => {
  const page = await at('/settings', { user: 'cleo', expected: ['403'], javaScriptEnabled: false, locale: 'de-DE' })
  await page.getByRole('heading', { level: 1, name: '403 Kein Zugriff' }).waitFor()
  await eventually(async () => assert.equal(await page.locator('#copy').isVisible(), false))
  await page.getByRole('button', { name: 'Anfrage senden' }).waitFor()
  await page.getByText('Senden Sie diesen Text').click()
  await eventually(async () => assert.match(await page.getByRole('textbox', { name: 'Senden Sie diesen Text' }).inputValue(), /Benutzer: cleo/))
  page.check()
})
