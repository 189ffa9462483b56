import test from 'ava'
import { serverTrust } from '../../../firmware/issuance/server-trust.js'
import { fingerprint } from '../../../protocol/scep/index.js'

const [pinned, web, radius, next, list] = [1, 2, 3, 4, 5].map((byte) => Uint8Array.of(byte)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
const store = [{ name: 'pinned', der: pinned }, { name: 'web', der: web, crl: list }, { name: 'radius', der: radius }]
const settings = { port: 443, timeoutSeconds: 30, policy: 'standard', httpsTrust: [] } as const

test('device.md 2: an https: server is believed by the chosen CA certificates and by no other of the store, with their CRLs', (t) => {
  t.deepEqual(serverTrust({ ...settings, httpsTrust: ['web'], caFingerprint: fingerprint(pinned) }, store, next), { trustAnchors: [web], crls: [list] })
  t.deepEqual(serverTrust({ ...settings, httpsTrust: ['gone'] }, store, undefined), { trustAnchors: [], crls: [] })
})

test('C-20: with none chosen the pinned CA counts, and the one that it named to follow it; before a pin there is none', (t) => {
  t.deepEqual(serverTrust({ ...settings, caFingerprint: fingerprint(pinned) }, store, next), { trustAnchors: [pinned, next], crls: [] })
  t.deepEqual(serverTrust({ ...settings, caFingerprint: fingerprint(web) }, store, undefined), { trustAnchors: [web], crls: [list] })
  t.deepEqual(serverTrust(settings, store, undefined), { trustAnchors: [], crls: [] })
})
