import fc from 'fast-check'
import test from 'ava'
import type { PlatenError } from '../../../protocol/errors.js'
import { ciphers, type CipherName } from '../../../protocol/scep/content-encryption.js'
import { buildEnvelope, openEnvelopeBytes } from '../../../protocol/scep/envelope.js'
import type { KeyTransport } from '../../../protocol/scep/key-transport.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { everyCipher, identity, modernCiphers, random, requester, rootCa, someCsr, toRequester } from './support.js'

const names = Object.keys(ciphers) as CipherName[]
const content = someCsr()
const rules = { ciphers: everyCipher, random }

test('C-15: content of any length comes back, by every cipher and key transport', (t) => {
  const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([bytes.length < 128 ? Buffer.of(0x30, bytes.length) : Buffer.of(0x30, 0x82, bytes.length >> 8, bytes.length & 0xff), bytes]))
  fc.assert(fc.property(any, fc.constantFrom(...names), fc.constantFrom<KeyTransport>('pkcs1', 'oaep', 'oaep-sha256'), (bytes, cipher, keyTransport) => {
    const opened = openEnvelopeBytes(buildEnvelope(bytes, toRequester({ cipher, keyTransport })), requester, rules)
    t.like(opened, { cipher, keyTransport })
    t.deepEqual(Buffer.from(opened.content), bytes)
  }), { numRuns: 60 })
})

test('C-1: what is not allowed is refused before the key is touched: des-cbc as the quirk, others as an algorithm', (t) => {
  const broken = { certificate: requester.certificate, privateKey: rootCa.certificate.publicKey }
  t.like(t.throws(() => openEnvelopeBytes(buildEnvelope(content, toRequester({ cipher: 'des-cbc' })), broken, { ciphers: modernCiphers, random }), { code: 'quirk-refused' }), { facts: { quirk: 'des-reply' } })
  t.like(t.throws(() => openEnvelopeBytes(buildEnvelope(content, toRequester({ cipher: 'des-ede3-cbc' })), broken, { ciphers: modernCiphers, random }), { code: 'algorithm-refused' }), { facts: { algorithm: 'des-ede3-cbc' } })
})

test('an unknown content encryption is algorithm-refused and names it', (t) => {
  const envelope = Buffer.from(buildEnvelope(content, toRequester()))
  envelope[envelope.indexOf(Buffer.from('608648016503040102', 'hex')) + 8] = 6
  t.like(t.throws(() => openEnvelopeBytes(envelope, requester, rules), { code: 'algorithm-refused' }), { facts: { algorithm: '2.16.840.1.101.3.4.1.6' } })
})

/** What an attacker can see of a failure. */
function seen(envelope: Uint8Array, privateKey = requester.privateKey): string {
  try {
    openEnvelopeBytes(envelope, { certificate: requester.certificate, privateKey }, rules)
    return 'opened'
  } catch (error) {
    const { code, message, facts, fix, cause } = error as PlatenError
    return JSON.stringify({ code, message, facts, fix, cause: cause === undefined })
  }
}

test('C-15: every undecryptable envelope ends in one and the same error', (t) => {
  const outcomes = new Set<string>()
  for (const keyTransport of ['pkcs1', 'oaep', 'oaep-sha256'] as const) {
    const good = Buffer.from(buildEnvelope(content, toRequester({ keyTransport })))
    const wrapped = good.indexOf(Buffer.from('04820100', 'hex')) + 4
    outcomes.add(seen(good, fixtureKeys.three))
    outcomes.add(seen(good.fill(0, wrapped, wrapped + 256)))
    for (let tries = 0; tries < 40; tries += 1) {
      const flipped = Buffer.from(buildEnvelope(content, toRequester({ keyTransport })))
      flipped[wrapped + tries] = (flipped[wrapped + tries] ?? 0) ^ 1
      outcomes.add(seen(flipped))
    }
    const last = Buffer.from(buildEnvelope(content, toRequester({ keyTransport })))
    outcomes.add(seen(last.with(last.length - 1, (last[last.length - 1] ?? 0) ^ 0x80)))
    outcomes.add(seen(buildEnvelope(Buffer.from('no sequence'), toRequester({ keyTransport }))))
    outcomes.add(seen(buildEnvelope(Buffer.concat([content, Buffer.of(0)]), toRequester({ keyTransport }))))
    outcomes.add(seen(buildEnvelope(new Uint8Array(), toRequester({ keyTransport }))))
  }
  t.is(outcomes.size, 1, [...outcomes].join('\n'))
  t.regex([...outcomes][0]!, /"code":"undecryptable"/)
})

test('a single recipient counts as ours whatever it is called; of several none of which is ours, none does', (t) => {
  const sameKey = identity('someone else', requester.privateKey, undefined, { serial: '99' })
  t.deepEqual(Buffer.from(openEnvelopeBytes(buildEnvelope(content, toRequester()), sameKey, rules).content), Buffer.from(content))
})
