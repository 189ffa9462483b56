/** `ca import`, `ca export` and `ca delete`: the CA certificates of the key store (device.md section 6). */
import { isoDate, type ReplyOf } from '../../protocol/commands/index.js'
import { hasCode, PlatenError } from '../../protocol/errors.js'
import { base64Lines, certificatePem } from '../../protocol/pem.js'
import { pemOrBytes } from '../../protocol/pkcs12/index.js'
import { isSelfSigned, readCertificate, readCrl, type Certificate } from '../../protocol/scep/index.js'
import type { CaCertificate } from '../key-store/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import { refuseExpired, validityAdvice } from './key-file-handlers.js'
import type { Services } from './services.js'

export const caHandlers: Handlers<'ca import' | 'ca export' | 'ca delete'> = {
  'ca import': ({ name, data }, services) => {
    const found = certificateOrCrl(data)
    return 'certificate' in found ? importCertificate(name, found.certificate, services) : importCrl(name, found.crl, services)
  },

  'ca export': ({ name, format }, { store }) => {
    const { der } = findCa(store, name)
    const { subject, fingerprint } = readCertificate(der)
    return { name, subject, fingerprint, lines: format === 'pem' ? certificatePem(der).trimEnd().split('\n') : [...base64Lines(der)] }
  },

  'ca delete': async ({ name }, services) => {
    const { store, log } = services
    const users = usersOf(findCa(store, name), services)
    if (users.length > 0) {
      throw new PlatenError('ca-in-use', `the CA certificate "${name}" is in use: ${users.join(', ')}`, { facts: { name, users: users.join(', ') }, fix: 'Choose another CA there first.' })
    }
    await store.deleteCaCertificate(name)
    log.info('ca: a CA certificate was deleted', { name })
    return { name }
  },
}

/** @throws key-not-found */
export function findCa(store: Pick<Services['store'], 'caCertificates'>, name: string): CaCertificate {
  const found = store.caCertificates().find((each) => each.name === name)
  if (found !== undefined) return found
  throw new PlatenError('key-not-found', `no CA certificate has the name "${name}"`, { facts: { name }, fix: 'Type ca show for the names; ca import registers one.' })
}

async function importCertificate(name: string, certificate: Certificate, { store, clock, log }: Services): Promise<ReplyOf<'ca import'>> {
  const { subject, notAfter, fingerprint, der } = certificate
  // Old roots have no basicConstraints.
  if (!certificate.isCa && !isSelfSigned(certificate)) throw unfit(`the certificate of ${subject} is not that of a CA`, 'Give the certificate of the CA that issued it.')
  refuseExpired(certificate, clock)
  const known = store.caCertificates().find((each) => Buffer.compare(each.der, der) === 0)
  if (known !== undefined) throw new PlatenError('key-name-taken', `this CA certificate is registered already, as "${known.name}"`, { facts: { name: known.name }, fix: `Use it by the name "${known.name}".` })
  await store.addCaCertificate(name, der)
  log.info('ca: a CA certificate was imported', { name, fingerprint })
  const advice = validityAdvice(certificate, clock).join(' ')
  return { name, kind: 'certificate', subject, expires: isoDate(notAfter), fingerprint, ...given({ advice: advice === '' ? undefined : advice }) }
}

async function importCrl(name: string, der: Uint8Array, { store, clock, log }: Services): Promise<ReplyOf<'ca import'>> {
  const ca = readCertificate(findCa(store, name).der)
  const { nextUpdate, revoked } = blaming(() => readCrl(der, ca))
  if (nextUpdate !== undefined && clock.state() !== 'unset' && clock.wall() > nextUpdate) {
    throw new PlatenError('certificate-not-valid-now', `data: the CRL of ${ca.subject} expired at ${isoDate(nextUpdate)}`, { facts: { field: 'data' }, fix: 'Import the newest CRL of the CA.' })
  }
  await store.setCrl(name, der)
  log.info('ca: a CRL was imported', { name, revoked: revoked.length })
  return { name, kind: 'crl', subject: ca.subject, expires: isoDate(nextUpdate), fingerprint: ca.fingerprint }
}

/** One of the two, PEM or DER; a CRL has no version before its issuer that a certificate could be taken for. @throws invalid-value */
function certificateOrCrl(data: string | Uint8Array): { readonly certificate: Certificate } | { readonly crl: Uint8Array } {
  const found = pemOrBytes(data)
  if ('bytes' in found) return isCertificate(found.bytes) ? { certificate: readCertificate(found.bytes) } : { crl: found.bytes }
  const [block, ...others] = found.blocks
  if (others.length > 0) throw unfit(`there are ${found.blocks.length} blocks in it`, 'Give one certificate or one CRL at a time.')
  const der = block?.der ?? new Uint8Array()
  if (block?.label === 'CERTIFICATE') return { certificate: blaming(() => readCertificate(der)) }
  if (block?.label === 'X509 CRL') return { crl: der }
  throw unfit('the block is neither CERTIFICATE nor X509 CRL', 'Give the certificate of a CA alone, or its CRL; a key is for keys import.')
}

function isCertificate(bytes: Uint8Array): boolean {
  try {
    readCertificate(bytes)
    return true
  } catch {
    return false
  }
}

/** The readers blame a server for what they cannot read; here it is what was given. */
function blaming<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (hasCode(error, 'bad-response')) throw unfit('it can be read neither as a certificate nor as a CRL', 'Give PEM, or DER in base64.')
    throw error
  }
}

function unfit(problem: string, fix: string): PlatenError {
  return new PlatenError('invalid-value', `data: ${problem}`, { facts: { field: 'data' }, fix })
}

/** What names this CA certificate, in words. */
function usersOf({ name, der }: CaCertificate, { settings, ieee8021x, ipsecPolicies }: Services): readonly string[] {
  const { caFingerprint, httpsTrust } = settings.get()
  return [
    ...(readCertificate(der).fingerprint === caFingerprint ? ['the pinned CA'] : []),
    ...(httpsTrust.includes(name) ? ['https-trust'] : []),
    ...(ieee8021x.get().caNames.includes(name) ? ['IEEE 802.1X'] : []),
    ...ipsecPolicies.list().filter(({ authorities }) => authorities.includes(name)).map((policy) => `the IPSec policy ${policy.name}`),
  ]
}
