import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { linuxNetwork, LinuxClock } from '../../firmware/platform/index.js'
import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { fingerprint } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import { ProcessBoard } from '../../rig/boards/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { startScepServer, type ScepServer } from '../../rig/scep-server/index.js'
import { part } from '../support/parts.js'

const openssl = part('openssl')
const platform = linuxPlatform()
const challenge = 'open sesame 1234'
const password = 'a good password'

async function setUp(t: ExecutionContext): Promise<{ board: ProcessBoard; server: ScepServer; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'platen-enrolment-'))
  const server = await startScepServer({ platform, challenge: { mode: 'static', password: challenge } })
  const board = await ProcessBoard.create(platform, { name: 'board', directory: folder, firmware: 'build/firmware/main.js' })
  t.teardown(async () => {
    await board.dispose()
    await server.close()
    rmSync(folder, { recursive: true })
  })
  return { board, server, folder }
}

const shownBy = async ({ https }: ProcessBoard): Promise<string[]> => (await linuxNetwork(new LinuxClock()).handshake({ ...https, timeout: seconds(10) })).map(fingerprint)

openssl.test('from one line on the console to a certificate that serves, and still serves after a restart and a power cut', async (t) => {
  const { board, server, folder } = await setUp(t)
  const does = async (line: string, answers = {}): Promise<Readonly<Record<string, string>>> => {
    const { result, lines } = await board.command(line, { answers })
    if (!result.ok) throw new Error(`${line}: ${result.code} ${result.message}\n${lines.join('\n')}`)
    return result.values
  }
  await board.powerOn()
  await board.signIn(password)
  const before = await shownBy(board)
  await does(`comm set url=http://127.0.0.1/scep port=${server.port}`)
  await does('ca fetch')
  await does(`ca pin ${server.fingerprint}`)
  const reply = await does('request key-name=web cn=127.0.0.1 use=tls', { [CHALLENGE_PROMPT]: challenge })
  t.like(reply, { status: 'Successful', enabled: 'true' })
  const served = await shownBy(board)
  t.notDeepEqual(served, before)

  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, new X509Certificate(server.authority.ca.der).toString())
  const check = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${board.https.port}`, '-CAfile', ca, '-verify_return_error', '-verify_ip', '127.0.0.1', '-brief'], { input: '', encoding: 'utf8' })
  t.is(check.status, 0, check.stderr)
  t.regex(check.stderr, /Verification: OK/)

  await does('restart')
  await board.restarted()
  t.deepEqual(await shownBy(board), served)
  await board.cutPower()
  await board.powerOn()
  t.deepEqual(await shownBy(board), served)
  await board.signIn(password)
  t.like(await does('history 1'), { status: 'Successful' })
})
