/** `comm …` and `ca …`. */
import { PlatenError } from '../../protocol/errors.js'
import { isoDate, type ReplyOf } from '../../protocol/commands/index.js'
import { readCertificate, readCrl } from '../../protocol/scep/index.js'
import { refuseWhileTimerEnabled, type CommunicationSettings } from '../settings/index.js'
import { findCa } from './ca-handlers.js'
import type { Handlers } from './context.js'
import { given } from './given.js'

export const communicationHandlers: Handlers<'comm show' | 'comm set' | 'ca fetch' | 'ca show' | 'ca pin'> = {
  'comm show': (_, { settings }) => settingsReply(settings.get()),

  'comm set': async ({ url, port, timeout, policy, 'https-trust': httpsTrust }, { settings, automatic, store }) => {
    refuseWhileTimerEnabled(automatic.settings())
    for (const name of httpsTrust ?? []) findCa(store, name)
    const update = { ...given({ url }), ...given({ port }), ...given({ timeoutSeconds: timeout }), ...given({ policy }), ...given({ httpsTrust }) }
    if (Object.keys(update).length === 0) throw new PlatenError('missing-field', 'comm set: nothing to change is given.', { fix: 'Give url, port, timeout, policy or https-trust.' })
    return settingsReply(await settings.update(update))
  },

  'ca fetch': async (_, { issuance }, { progress }) => {
    progress('Asking the server for its CA …')
    const { subject, fingerprint, notBefore, notAfter, pin, capabilities, certificates } = await issuance.fetchAuthority()
    return {
      subject,
      fingerprint,
      'not-before': isoDate(notBefore),
      'not-after': isoDate(notAfter),
      pin,
      capabilities: [...capabilities],
      certificates: certificates.map((each) => ({ role: each.role, subject: each.subject, 'not-after': isoDate(each.notAfter), fingerprint: each.fingerprint })),
    }
  },

  'ca show': (_, { settings, store }) => {
    const { caFingerprint } = settings.get()
    const certificates = store.caCertificates().map(({ name, der, crl }) => {
      const certificate = readCertificate(der)
      const { subject, notAfter, fingerprint } = certificate
      return { name, subject, 'not-after': isoDate(notAfter), fingerprint, ...(crl === undefined ? {} : { 'crl-until': isoDate(readCrl(crl, certificate).nextUpdate) }) }
    })
    const next = caFingerprint === undefined ? undefined : settings.nextCa(caFingerprint)
    const follower = next === undefined ? {} : { 'follower': readCertificate(next).subject, 'follower-fingerprint': readCertificate(next).fingerprint }
    return { pinned: caFingerprint !== undefined, ...given({ fingerprint: caFingerprint }), ...follower, certificates }
  },

  'ca pin': async ({ fingerprint }, { issuance }, { progress }) => {
    progress('Asking the server for its CA …')
    return await issuance.pin(fingerprint)
  },
}

function settingsReply({ url, port, timeoutSeconds, policy, caFingerprint, httpsTrust }: CommunicationSettings): ReplyOf<'comm show'> {
  return { ...given({ url }), port, timeout: timeoutSeconds, policy, ...given({ 'ca-fingerprint': caFingerprint }), 'https-trust': [...httpsTrust] }
}
