import { createHash } from 'node:crypto'
import { ScepClient, makeSignerCertificate, type Operation } from '../../firmware/scep/index.js'
import { hasCode } from '../../protocol/errors.js'
import { buildCsr, nameDer, readCrl } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { fail, pass, type Finding } from './check.js'
import type { Target } from './subject.js'

/** The firmware's SCEP client alone, for what no command of the board asks of it. */
async function open(platform: RigPlatform, target: Target, clockIsSet: boolean): Promise<{ readonly client: ScepClient; readonly operation: Operation; readonly csr: Uint8Array }> {
  const { http, random } = platform
  const client = new ScepClient({
    http, random, allowLegacy: false, log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    clock: clockIsSet ? platform.clock : unset(platform),
    server: { url: new URL(target.url), timeout: seconds(5), trustAnchors: [] },
  })
  const privateKey = await platform.keys.rsa(2048)
  const subject = { commonName: 'printer.example.com' }
  const certificate = makeSignerCertificate(nameDer(subject), privateKey, random, platform.clock.wall())
  const operation = {
    authority: await client.findAuthority(target.authority.fingerprint), signer: { certificate, privateKey }, spki: certificate.spki,
    transactionId: createHash('sha256').update(random(16)).digest('hex').slice(0, 32),
  }
  return { client, operation, csr: buildCsr({ subject, key: privateKey, digest: 'sha256' }) }
}

const quiet = (): void => undefined

/** Everything of the clock but that it was ever set. */
function unset({ clock }: RigPlatform): RigPlatform['clock'] {
  return {
    monotonic: () => clock.monotonic(), wall: () => clock.wall(), state: () => 'unset', after: (...timer) => clock.after(...timer), timers: () => clock.timers(),
    onStep: (listener) => clock.onStep(listener),
  }
}

/** C-21. */
export async function looksUp(platform: RigPlatform, target: Target): Promise<Finding> {
  const { client, operation, csr } = await open(platform, target, true)
  const answer = await client.request(operation, csr)
  if (answer.is !== 'issued') return fail('It was put off.')
  const { serial } = target.authority.newest ?? { serial: '00' }
  const found = await client.getCertificate(operation, serial)
  const { revoked } = readCrl(await client.getCrl(operation, serial), target.authority.ca)
  const unknown = await client.getCertificate(operation, '0123').then(() => 'found', (error: unknown) => (hasCode(error, 'scep-failure') ? 'refused' : 'broken'))
  return found.serial === serial && unknown === 'refused' ? pass(`GetCert gave ${found.subject}, GetCRL a list of ${revoked.length}; an unknown serial number is Fail Info 4.`) : fail(`GetCert gave ${found.serial} for ${serial}, and an unknown one was ${unknown}.`)
}

/** C-22. @returns how the request ended; what it sent is the witness's to say */
export async function asksWithoutClock(platform: RigPlatform, target: Target): Promise<void> {
  const { client, operation, csr } = await open(platform, target, false)
  await client.request(operation, csr).catch((error: unknown) => {
    // Without a clock no certificate is judged; the message has gone out by then.
    if (!hasCode(error, 'clock-not-set')) throw error
  })
}
