// The hosts of the tests, each on a free port with a store of its own.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const bin = new URL('../../../bin/', import.meta.url).pathname
export const password = 'demo-demo-demo'

/** Start runs a back office until stop is called. More arguments go to it. */
export async function start(...more) {
  const folder = await mkdtemp(join(tmpdir(), 'rightful-e2e-'))
  const host = await run(bin + 'backoffice', ['-addr', '127.0.0.1:0', '-db', 'sqlite:' + join(folder, 'test.db'), '-demo-password', password, ...more])
  return { ...host, folder, stop: () => host.stop().then(() => rm(folder, { recursive: true, force: true })) }
}

/** StartTesthost runs the host that can be large, under two paths, with bearer tokens and without a store; see its source. */
export const startTesthost = (...flags) => run(bin + 'testhost', flags)

/** LetPass lets days pass in the database of a back office that has stopped. */
export const letPass = (days, db) => promisify(execFile)(bin + 'testhost', ['-pass', String(days), '-db', db])

async function run(program, flags) {
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const address = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk
      const found = output.match(/http:\/\/127\.0\.0\.1:\d+/)
      if (found) resolve(found[0])
    })
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)))
  })
  const stop = async () => {
    child.removeAllListeners('exit')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }
  return { address, stop, pid: child.pid }
}
