import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './browser.mjs'
import { startTesthost } from './host.mjs'

let host
before(async () => (host = await startTesthost()))
after(() => host.stop())

test('the first screen takes at most 130 kB, compressed and cached for good', async (t) => {
  const files = []
  const page = await open(host, 'icon.svg', { expected: ['404'] }) // signs in; a browser asks for an icon of its own, too
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/console/')) files.push(response)
  })
  await page.goto(host.address + '/console/')
  await page.getByRole('link', { name: 'Team 00' }).first().waitFor()
  let total = 0
  for (const file of files) {
    const headers = await file.allHeaders()
    const { responseBodySize } = await file.request().sizes()
    total += responseBodySize
    const path = new URL(file.url()).pathname
    if (path.startsWith('/console/assets/')) {
      assert.equal(headers['content-encoding'], 'gzip', path)
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable', path)
    }
  }
  t.diagnostic(`${files.length} files, ${(total / 1000).toFixed(1)} kB`)
  assert.ok(files.length > 2 && total <= 130_000, `${total} bytes`)
  page.check()
})
