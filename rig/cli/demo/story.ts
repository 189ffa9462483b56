import { PlatenError } from '../../../protocol/errors.js'
import { readCertificate, verifyChain } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import type { ProcessBoard } from '../../boards/index.js'
import type { RigPlatform } from '../../platform/index.js'
import type { Note, StepRecorder } from '../../steps/index.js'
import type { Person } from './person.js'
import type { DemoServer } from './servers.js'

export interface Scene {
  readonly platform: RigPlatform
  readonly steps: StepRecorder
  readonly server: DemoServer
  readonly board: ProcessBoard
  readonly person: Person
  readonly password: string
}

/** The main job: from one line on the serial console to a certificate that serves, and still so after a restart. */
export async function mainJob({ platform, steps, server, board, person, password }: Scene): Promise<void> {
  await steps.step('Switch the board on', { line: board.line.form, https: `port ${board.https.port}` }, () => board.powerOn())
  await steps.step('Sign in on the serial console; the first sign-in sets the password', {}, async (note) => {
    await board.signIn(password)
    note('signed in as administrator')
  })
  await steps.step('What does the board serve before it has a certificate?', {}, async (note) => {
    note(await meet(platform, board))
  })
  await steps.step('Tell the board where its SCEP server is', {}, async () => {
    await person.does(communication(server))
  })
  await steps.step("Look at the CA, compare its fingerprint with the operator's, and trust it", {}, async () => {
    const { fingerprint } = await person.does('ca fetch')
    if (fingerprint?.replaceAll(':', '').toLowerCase() !== server.fingerprint) throw new PlatenError('ca-mismatch', `the board shows the fingerprint ${fingerprint ?? 'none'}`)
    await person.does(`ca pin ${server.fingerprint}`)
  })
  await steps.step('Ask for a certificate', {}, async () => {
    await person.does(request('office'), server.challenge)
    await person.does('keys list')
    await person.does('history')
  })
  const served = await steps.step('Meet the board with a TLS client that trusts this CA alone', {}, (note) => verify(platform, board, server, note))
  await steps.step('Restart the board', {}, async () => {
    await person.does('restart')
    await board.restarted()
    await board.signIn(password)
    await person.does('status')
  })
  await steps.step('Meet it again: the same certificate', {}, async (note) => {
    const again = await verify(platform, board, server, note)
    if (again !== served) throw new PlatenError('probe-failed', `before the restart ${served}, after it ${again}`)
  })
}

export function communication(server: DemoServer): string {
  return `comm set url=${server.url.replace(/:\d+\//u, '/')} port=${server.port} timeout=5 policy=${server.policy}`
}

export function request(keyName: string, use = 'tls'): string {
  return `request key-name=${keyName} cn=127.0.0.1 dns=printer.example.com organization="Example Ltd" use=${use}`
}

/** What a client that verifies nothing sees. */
async function meet({ network }: RigPlatform, { https }: ProcessBoard): Promise<string> {
  const [leaf] = await network.handshake({ ...https, timeout: seconds(5) })
  if (leaf === undefined) throw new PlatenError('probe-failed', 'the board showed no certificate')
  const { subject, issuer, notAfter, serial } = readCertificate(leaf)
  return `${subject}, issued by ${subject === issuer ? 'itself' : issuer}, serial ${serial}, valid to ${new Date(notAfter).toISOString()}`
}

/** Chain and name are verified against the CA of the SCEP server. @returns the certificate served, in words */
async function verify(platform: RigPlatform, board: ProcessBoard, server: DemoServer, note: Note): Promise<string> {
  const shown = await meet(platform, board)
  if (server.certificatesFor === 'servers') note(await get(platform, board, server))
  else await verifyChainAlone(platform, board, server, note)
  note(`verified: ${shown}`)
  return shown
}

/** A GET over HTTPS by a client that trusts the server's CA alone. */
async function get({ http }: RigPlatform, { https }: ProcessBoard, { ca }: DemoServer): Promise<string> {
  const url = new URL(`https://${https.host}:${https.port}/healthz`)
  const { status, body } = await http.exchange({ method: 'GET', url, timeout: seconds(5), limit: 65_536, trustAnchors: [ca] })
  if (status !== 200) throw new PlatenError('probe-failed', `GET ${url.href} answered ${status}`)
  return `GET ${url.href} → ${status} ${Buffer.from(body).toString().trim()}`
}

async function verifyChainAlone({ clock, network }: RigPlatform, { https }: ProcessBoard, { ca }: DemoServer, note: Note): Promise<void> {
  const [leaf, ...pool] = (await network.handshake({ ...https, timeout: seconds(5) })).map((der) => readCertificate(der))
  if (leaf === undefined) throw new PlatenError('probe-failed', 'the board showed no certificate')
  verifyChain(leaf, pool, readCertificate(ca), { at: clock.wall() })
  note('This server issues for TLS clients alone (clientAuth), so the chain is verified here and the purpose is not.')
}
