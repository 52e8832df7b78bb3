// Requests for access: from the page of a 403 through the console to the page that goes through.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counts, eventually, open, picture, shows } from './browser.mjs'
import { start, startTesthost } from './host.mjs'
import { postgresSchema } from './postgres.mjs'

let host, inbox
before(async () => {
  host = await start()
  inbox = await open(host, '#/requests', { expected: ['404', '409', '412'] })
})
after(() => host.stop())

const at = (there, path, more) => open(there, path, { mount: '', user: 'cleo', expected: ['403'], ...more })
const place = (page) => page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: /^Requests/ })
const row = (page, name) => page.getByRole('main').getByRole('listitem').filter({ hasText: name })

/** Call uses the interface as the user of a page. */
async function call(page, there, method, path, data, headers) {
  const answer = await page.context().request.fetch(`${there.address}/api/v1${path}`, { method, data, headers })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.status() === 204 ? undefined : answer.json()
}

/** Ask sends the form of a refused page. */
async function ask(page, reason) {
  await page.getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: 'Send the request' }).click()
  await page.getByText('You asked for this access on').waitFor()
}

test('without requests the inbox says what to do first, and an unknown id is no error', async () => {
  await inbox.getByText('Nothing waits for a decision.').waitFor()
  await inbox.looks('an empty inbox')
  await inbox.goto(`${host.address}/console/#/requests/NOTANID`)
  await inbox.getByText('There is no request with this id.').waitFor()
  inbox.check()
})

test('from a 403 without JavaScript to an approval until the evening, and through', async () => {
  const seen = await at(host, '/requests/2') // axe needs JavaScript
  await seen.looks('a 403 with a form')
  const cleo = await at(host, '/requests/2', { javaScriptEnabled: false })
  await cleo.getByLabel('Until the end of today').check()
  await ask(cleo, 'I cover for dana')
  assert.match(cleo.url(), /\/requests\/2\?access_request=[A-Z2-7]{26}$/)
  await counts(cleo.getByRole('button', { name: 'Send the request' }), 0)
  await seen.reload()
  await seen.looks('a 403 with an open request')

  await inbox.goto(`${host.address}/console/#/groups`)
  await inbox.reload()
  await shows(place(inbox), /Requests\s*1/)
  await place(inbox).click()
  await row(inbox, 'I cover for dana').waitFor()
  await inbox.looks('an inbox')
  await row(inbox, 'I cover for dana').getByRole('link').click()
  await inbox.getByRole('heading', { level: 1, name: /asks for access$/ }).waitFor()
  await inbox.getByText('Wanted until').waitFor()
  await inbox.looks('a request')
  await inbox.getByRole('button', { name: /^Approve… Put .* into Requests desk$/ }).click()
  const dialog = inbox.getByRole('dialog')
  await dialog.getByText(/cleo in Requests desk until/).waitFor()
  await inbox.looks('the review of an approval')
  await dialog.getByLabel('Reason').fill('until dana is back')
  await dialog.getByRole('button', { name: 'Approve', exact: true }).click()
  await inbox.getByText(/^Approved\. .* can try again now\.$/).waitFor()
  await inbox.getByText('Given until').waitFor()
  await shows(place(inbox), /^Requests$/)
  await inbox.looks('an approved request')
  const request = new URL(inbox.url()).hash
  const { items } = await call(inbox, host, 'GET', '/changes?limit=1')
  await inbox.goto(`${host.address}/console/#/changes/${items[0].revision}`)
  await inbox.getByText('Access request approved').waitFor()
  const link = inbox.getByRole('definition').getByRole('link', { name: /^Request [A-Z2-7]{26}$/ })
  await eventually(async () => assert.equal(await link.getAttribute('href'), request))
  await call(inbox, host, 'PATCH', '/users/noor/permissions', { grant: ['rightful.changes:view'] })
  const noor = await open(host, `#/changes/${items[0].revision}`, { user: 'noor', expected: ['403'] }) // who may see no requests
  await noor.getByRole('definition').getByText(request.replace('#/requests/', '')).waitFor()
  await counts(noor.getByRole('link', { name: /^Request / }), 0)
  noor.check()

  await cleo.goto(`${host.address}/requests/2`)
  await cleo.getByRole('heading', { level: 1, name: /Request 2/ }).waitFor()
  const { groups } = await call(inbox, host, 'GET', '/users/cleo/groups')
  const end = groups.find((membership) => membership.group === 'Requests desk').until
  assert.ok(Date.parse(end) - Date.now() <= 86_400_000, `it ends at ${end}`)
  seen.check()
  inbox.check()
})

test('the reader of a declined request learns why, can ask again, and withdraw it', async () => {
  const cleo = await at(host, '/settings')
  await ask(cleo, 'to see the limits')
  await inbox.goto(`${host.address}/console/#/requests`)
  await row(inbox, 'to see the limits').getByRole('link').click()
  await inbox.getByRole('button', { name: 'Decline' }).click()
  const dialog = inbox.getByRole('dialog')
  assert.ok(await dialog.getByRole('button', { name: 'Decline' }).isDisabled(), 'it can be declined without a reason')
  await dialog.getByLabel('Reason').fill('dana has them')
  await inbox.looks('declining')
  await inbox.keyboard.press('Enter')
  await inbox.getByText('Declined. The person who asked reads the reason.').waitFor()
  await eventually(async () => assert.equal(await inbox.evaluate(() => document.activeElement?.getAttribute('role')), 'status'))

  await cleo.reload()
  await cleo.getByText('declined your request').waitFor()
  await cleo.getByText('dana has them').waitFor()
  await cleo.looks('a 403 with a declined request')
  await cleo.getByRole('heading', { name: 'Ask again' }).waitFor()
  await ask(cleo, 'dana is away')
  cleo.check()

  const own = await open(host, '#/my-requests', { user: 'cleo', expected: ['403'] })
  await row(own, 'to see the limits').getByText('Declined', { exact: true }).waitFor()
  await own.looks('one’s own requests')
  await own.getByRole('button', { name: /^Withdraw/ }).click()
  await counts(own.getByRole('button', { name: /^Withdraw/ }), 0)
  await row(own, 'dana is away').getByText('Withdrawn').waitFor()
  await cleo.reload()
  await cleo.getByRole('heading', { name: 'Ask for access' }).waitFor()
  own.check()
})

test('a request that was decided meanwhile, and one whose fix gives something else by now, are read again', async () => {
  const cleo = await at(host, '/balances')
  await ask(cleo, 'once more')
  await inbox.goto(`${host.address}/console/#/requests`)
  await row(inbox, 'once more').getByRole('link').click()
  const review = inbox.getByRole('button', { name: /^Approve… Put .* into/ }).first()
  const dialog = inbox.getByRole('dialog')
  const save = dialog.getByRole('button', { name: 'Approve', exact: true })
  await review.click()
  await eventually(async () => assert.ok(await save.isEnabled()))
  const group = (await dialog.getByRole('heading', { level: 2 }).innerText()).replace(/^Put .* into /, '')
  await call(inbox, host, 'PATCH', `/groups/${encodeURIComponent(group)}/permissions`, { grant: ['system.settings:view'], revoke: [], restrict: [], lift: [] })
  await save.click()
  await inbox.getByText('The permissions have changed in the meantime').waitFor()
  await counts(dialog, 0)

  await review.click()
  await eventually(async () => assert.ok(await save.isEnabled()))
  const id = inbox.url().split('/').at(-1)
  await call(inbox, host, 'POST', `/access-requests/${id}/decline`, { reason: 'no' })
  await save.click()
  await inbox.getByText('This request was decided in the meantime.').waitFor()
  await counts(dialog, 0)
  await inbox.getByText('Declined', { exact: true }).waitFor()
  inbox.check()
})

test('nobody decides their own request, and who sees no users has only their own', async () => {
  const small = await startTesthost()
  try {
    const lea = await open(small, '#/groups', { user: 'lea' })
    const { id } = await call(lea, small, 'POST', '/access-requests', { permissions: ['orders:ship'] })
    await lea.goto(`${small.address}/console/#/requests/${id}`)
    await lea.getByText('Nobody decides their own request.').waitFor()
    await counts(lea.getByRole('button', { name: /Approve|Decline/ }), 0)
    await lea.looks('one’s own request')
    lea.check()

    const tom = await open(small, '#/my-requests', { user: 'tom', locale: 'de-DE', expected: ['403'] })
    await tom.getByText('Sie haben nichts angefragt.').waitFor()
    await tom.getByRole('navigation', { name: 'Bereiche' }).getByRole('link', { name: 'Meine Anfragen' }).waitFor()
    await tom.looks('one’s own requests in German')
    tom.check()
  } finally {
    await small.stop()
  }
})

test('cleo asks on one instance, ana approves on another, over PostgreSQL', async (t) => {
  const schema = await postgresSchema(t)
  if (!schema) return
  const instances = []
  try {
    for (let i = 0; i < 2; i++) instances.push(await start('-db', schema.address, '-notify', 'postgres'))
    const [one, two] = instances
    const ana = await open(two, '#/groups')
    const cleo = await at(one, '/requests/2')
    await cleo.getByRole('heading', { name: '403 Forbidden' }).waitFor()
    await cleo.getByLabel('Until the end of today').check()
    await cleo.getByLabel('Reason').fill('I cover for dana')
    await picture(cleo, 'request-form')
    await cleo.getByRole('button', { name: 'Send the request' }).click()
    await cleo.getByText('You asked for this access on').waitFor()

    await ana.reload()
    await shows(place(ana), /Requests\s*1/)
    await place(ana).click()
    await row(ana, 'I cover for dana').waitFor()
    await picture(ana, 'console-requests')
    await row(ana, 'I cover for dana').getByRole('link').click()
    await ana.getByRole('button', { name: /^Approve… Put .* into Requests desk$/ }).waitFor()
    await picture(ana, 'console-request')
    await ana.getByRole('button', { name: /^Approve… Put .* into Requests desk$/ }).click()
    await ana.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click()
    await ana.getByText(/^Approved\. .* can try again now\.$/).waitFor()

    await eventually(async () => {
      await cleo.goto(`${one.address}/requests/2`)
      await cleo.getByRole('heading', { level: 1, name: /Request 2/ }).waitFor({ timeout: 1000 })
    })
    await picture(cleo, 'request-approved')
    ana.check()
    cleo.check()
  } finally {
    for (const instance of instances) await instance.stop()
    await schema.drop()
  }
})
