/** `keys import` and `keys export`: keys in files (device.md section 6). */
import { isoDate } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { base64Lines } from '../../protocol/pem.js'
import { readKeyMaterial, writePkcs12, type KeyMaterial } from '../../protocol/pkcs12/index.js'
import { isSelfSigned, type Certificate } from '../../protocol/scep/index.js'
import type { Clock } from '../../protocol/time.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import { findKey } from './key-handlers.js'

export const keyFileHandlers: Handlers<'keys import' | 'keys export'> = {
  'keys import': async ({ name, data, password = '' }, { store, clock, automatic, log }) => {
    const material = readKeyMaterial(data, password)
    const [leaf] = material.chain
    if (leaf === undefined) throw new TypeError('a key comes with its certificate')
    refuseExpired(leaf, clock)
    const { id } = await store.import(name, material.privateKey, material.chain.map(({ der }) => der))
    log.info('keys: a key was imported', { name, id, fingerprint: leaf.fingerprint })
    automatic.keysChanged()
    const advice = adviceOn(leaf, material, clock)
    return {
      name, subject: leaf.subject, issuer: leaf.issuer, expires: isoDate(leaf.notAfter), fingerprint: leaf.fingerprint,
      certificates: material.chain.length, ...given({ advice: advice === '' ? undefined : advice }),
    }
  },

  'keys export': ({ name, password }, { store, random, log }) => {
    const { id, kind, state, chain } = findKey(store, name)
    if (kind === 'default') throw new PlatenError('default-key', `"${name}" is the default key, which stays on its board`, { facts: { name }, fix: 'Each board makes its own default key; export another key.' })
    if (state === 'pending') throw new PlatenError('key-pending', `the key "${name}" has no certificate yet`, { facts: { name }, fix: 'Wait for its certificate.' })
    const file = writePkcs12({ privateKey: store.privateKey(id), chain, friendlyName: name }, { password, random })
    log.info('keys: a key was exported', { name, id })
    return { name, lines: [...base64Lines(file)] }
  },
}

/** No validity decision while the clock is not set; the reply says so. @throws certificate-not-valid-now */
export function refuseExpired({ subject, notAfter }: Certificate, clock: Pick<Clock, 'state' | 'wall'>): void {
  if (clock.state() === 'unset' || clock.wall() <= notAfter) return
  throw new PlatenError('certificate-not-valid-now', `data: the certificate of ${subject} expired at ${isoDate(notAfter)}`, {
    facts: { field: 'data', subject, notAfter: isoDate(notAfter) },
    fix: 'Import one that is valid; if this one is, set the clock of the device right.',
  })
}

/** What is no reason to refuse the key, and yet good to know before it is put to a use. */
function adviceOn(leaf: Certificate, { chain, leftOut }: KeyMaterial, clock: Pick<Clock, 'state' | 'wall'>): string {
  const last = chain.at(-1) ?? leaf
  return [
    ...validityAdvice(leaf, clock),
    ...(chain.length === 1 && !isSelfSigned(last) ? [`The file has no intermediate certificate: if ${last.issuer} is not known to the peers, import the key with its chain.`] : []),
    ...(leftOut === 0 ? [] : [`${leftOut} certificates of the file are not of its chain and were left out.`]),
  ].join(' ')
}

export function validityAdvice({ notBefore }: Certificate, clock: Pick<Clock, 'state' | 'wall'>): readonly string[] {
  if (clock.state() === 'unset') return ['The clock is not set, so the dates of the certificate were not checked.']
  return clock.wall() < notBefore ? [`The certificate is valid from ${isoDate(notBefore)} on, and not yet.`] : []
}
