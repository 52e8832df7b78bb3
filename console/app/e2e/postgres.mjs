// A schema on the machine's PostgreSQL, for tests that need several instances. psql makes it.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Addresses are those of a new installation; libpq's environment variables name others. */
const addresses = [
  'postgres:///?connect_timeout=2',
  'postgres:///postgres?connect_timeout=2',
  'postgres://postgres@127.0.0.1:5432/postgres?connect_timeout=2',
  'postgres:///postgres?host=/var/run/postgresql&user=postgres&connect_timeout=2',
]

const sql = (address, text) => run('psql', ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--no-password', '--command', text, address])

/** PostgresSchema makes an empty schema. Without a server it skips the test, or fails it if RIGHTFUL_REQUIRE names postgres. */
export async function postgresSchema(test) {
  const name = 'rightful_e2e_' + randomBytes(8).toString('hex')
  let why = ''
  for (const address of addresses) {
    try {
      await sql(address, `CREATE SCHEMA ${name}`)
      return { address: `${address}&search_path=${name}`, drop: () => sql(address, `SET client_min_messages = warning; DROP SCHEMA ${name} CASCADE`) }
    } catch (error) {
      why = String(error.stderr || error.message).trim()
    }
  }
  if ((process.env.RIGHTFUL_REQUIRE ?? '').split(',').includes('postgres')) throw new Error(`RIGHTFUL_REQUIRE names postgres: ${why}`)
  test.skip(`no PostgreSQL server was found, or no psql: ${why}`)
  return undefined
}
