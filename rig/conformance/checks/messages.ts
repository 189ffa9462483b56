import { readIssuerAndSubject, sameBytes } from '../../../protocol/scep/index.js'
import { every, fail, inconclusive, messagesOf, pass, refused, refuses, shows, takes, unobservable, type Check, type Finding, type Stage } from '../check.js'
import type { Observed } from '../witness.js'

/** PENDING, then CertPoll in the same transaction with the right names. */
function judgePolls(seen: readonly Observed[], stage: Stage): Finding {
  const messages = messagesOf(seen)
  const [request, ...later] = messages
  const types = messages.map(({ message }) => message?.messageType ?? '?').join(', ')
  if (request === undefined) return inconclusive('It sent no message.')
  if (later.length === 0) return inconclusive('It did not ask again before the rig ended it.')
  const wrong = later.find(({ message }) => message?.messageType !== 'CertPoll')
  if (wrong !== undefined) return fail(`It did not poll: it sent ${types}.`)
  if (later.some(({ message }) => message?.transactionId !== request.message?.transactionId)) return fail('A poll was in another transaction.')
  const { subjectDer } = stage.target.authority.ca
  for (const { opened } of later) {
    const { issuer, subject } = readIssuerAndSubject(opened?.content ?? new Uint8Array())
    if (!sameBytes(issuer.der, subjectDer)) return fail(`A poll named the issuer ${issuer.text}.`)
    if (!sameBytes(subject.der, request.csr?.subjectDer ?? new Uint8Array())) return fail(`A poll named the subject ${subject.text}.`)
  }
  const overlap = messages.some(({ record }, at) => (messages[at + 1]?.arrival.stamps.firstByte ?? Infinity) < (record?.at.sent ?? 0))
  return overlap ? fail('It had two requests outstanding.') : pass(`${types}; one at a time.`)
}

function polling(rule: Check['rule'], name: string, expectation: string, faults: Check['script']['faults'], judge: (stage: Stage, enrolled: boolean, said: string) => Finding): Check {
  return {
    rule, name, expectation, script: { faults },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults })
      const { enrolled, said } = await enrolment.enrol()
      return judge(stage, enrolled, said)
    },
  }
}

function judgePost({ arrival: { method, headers, body } }: Observed): string | undefined {
  if (method !== 'POST') return 'It did not use POST.'
  if (headers['content-type'] !== 'application/x-pki-message') return `Its Content-Type is ${headers['content-type'] ?? 'missing'}.`
  if (headers['transfer-encoding'] !== undefined) return `Its body is ${headers['transfer-encoding']}.`
  return headers['content-length'] === String(body.length) ? undefined : `Its Content-Length is ${headers['content-length'] ?? 'missing'}.`
}

function judgeGet({ arrival: { target } }: Observed): string | undefined {
  const raw = /[?&]message=([^&]*)/u.exec(target)?.[1] ?? ''
  if (/[+/=]/u.test(raw)) return 'It left one of + / = without its escape.'
  return /^[A-Za-z0-9+/]+={0,2}$/u.test(decodeURIComponent(raw)) ? undefined : 'Its message is not the base64 of RFC 4648 section 4.'
}

export const messageChecks: readonly Check[] = [
  polling('C-12', 'zero-byte-pending', 'PENDING with one zero byte of content is PENDING.', ['one-byte-content', 'pending'], (stage, enrolled, said) => {
    if (enrolled) return pass(`It was put off, and enrolled. ${said}`)
    const asked = messagesOf(stage.witness.seen).length
    return asked > 1 ? fail(`It was put off, and did not enrol: ${said}`) : stage.subject.kind === 'board' ? fail(said) : inconclusive(`It did not enrol, nor ask again in time: ${said}`)
  }),
  {
    rule: 'C-12', name: 'zero-byte-failure', expectation: 'FAILURE with one zero byte of content is FAILURE.', script: { faults: ['one-byte-content', 'fail'] },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults: ['one-byte-content', 'fail'] })
      return refused(stage, await enrolment.enrol(), ['one-byte-content', 'fail'], 'scep-failure')
    },
  },
  polling('C-13', 'cert-poll', 'After PENDING it polls in the same transaction, naming the issuer and the subject.', [{ fault: 'pending', times: 2 }], (stage) => judgePolls(stage.witness.seen, stage)),
  polling('C-13', 'poll-to-the-end', 'The poll brings the certificate.', ['pending'], (stage, enrolled, said) => {
    if (enrolled) return pass(said)
    return messagesOf(stage.witness.seen).length > 1 || stage.subject.kind === 'board' ? fail(`It asked again and did not enrol: ${said}`) : inconclusive('It did not ask again before the rig ended it.')
  }),
  {
    rule: 'C-14', name: 'resume', expectation: 'Cut off while it waits, it polls the same transaction when it starts anew.', script: { faults: ['pending-forever'] },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults: ['pending-forever'] })
      await enrolment.cutOff(stage.pending)
      const before = messagesOf(stage.witness.seen)
      stage.misbehave({ faults: [] })
      const ended = await enrolment.resume()
      const after = messagesOf(stage.witness.seen).slice(before.length)
      if (before.length === 0 || after.length === 0) return inconclusive(`It was not put off and asked again: ${ended.said}`)
      if (after[0]?.message?.messageType !== 'CertPoll') return fail(`It sent ${after[0]?.message?.messageType ?? '?'} instead of a poll.`)
      if (after[0].message.transactionId !== before[0]?.message?.transactionId) return fail('It polled another transaction.')
      return ended.enrolled ? pass(`It polled, and got its certificate. ${ended.said}`) : fail(`It polled, and did not enrol: ${ended.said}`)
    },
  },
  {
    rule: 'C-14', name: 'unknown-transaction', expectation: 'Where the server does not know the transaction any more, a new request works.', script: { faults: [{ fault: 'pending', times: 1 }, { fault: 'fail', info: 'badCertId', message: 'CertPoll' }] },
    play: async (stage) => {
      if (stage.subject.kind === 'command') return unobservable('A command line that does not poll meets no unknown transaction.')
      const enrolment = await stage.prepare()
      stage.misbehave({ faults: [{ fault: 'pending', times: 1 }, { fault: 'fail', info: 'badCertId', message: 'CertPoll' }] })
      const lost = await enrolment.enrol()
      stage.misbehave({ faults: [] })
      const again = await enrolment.enrol()
      if (lost.enrolled) return inconclusive('It was not told that its transaction is unknown.')
      return again.enrolled ? pass(`First: ${lost.said}. Then: ${again.said}`) : fail(`The next request did not work: ${again.said}`)
    },
  },
  shows('C-17', 'post-form', 'POST has the media type and the length of a PKI message, and is not chunked.', (messages) => every(messages, 'Media type and length', judgePost)),
  {
    rule: 'C-17', name: 'get-form', expectation: 'Where the CA does not say POST a message goes by GET, its base64 escaped.', script: { faults: ['empty-caps'] },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults: ['empty-caps'] })
      await enrolment.enrol()
      const messages = messagesOf(stage.witness.seen)
      if (messages.length === 0) return inconclusive('It sent no message.')
      return messages.every(({ arrival }) => arrival.method === 'GET') ? every(messages, 'By GET, escaped', judgeGet) : fail('It used POST, which the CA did not offer.')
    },
  },
  shows('C-18', 'sorted-out', 'Signed attributes go out in the order of DER.', (messages) => every(messages, 'In DER order', ({ message }) => (message?.signerInfo.signedForms.length === 1 ? undefined : 'Its signed attributes are not sorted.'))),
  takes('C-18', 'unsorted-in', 'Unsorted signed attributes are read.', ['unsorted-attributes']),
  takes('C-18', 'ber-in', 'BER with indefinite lengths is read.', ['ber']),
  refuses('C-19', 'huge', 'A response above 1 MiB is refused.', [{ fault: 'huge', operation: 'PKIOperation' }], 'response-too-large'),
  {
    rule: 'C-19', name: 'redirect', expectation: 'A redirect is not followed.', script: { faults: [{ fault: 'redirect', operation: 'GetCACert', first: 1 }] },
    play: async (stage) => {
      const faults = [{ fault: 'redirect', operation: 'GetCACert', first: 1, to: `${stage.target.url}?operation=GetCACert` }] as const
      const enrolment = await stage.prepare()
      stage.misbehave({ faults })
      return refused(stage, await enrolment.enrol(), faults, 'redirect-refused')
    },
  },
  {
    rule: 'C-19', name: 'deadline', expectation: 'A server that does not answer is given up after the Communication Timeout.', script: { faults: [{ fault: 'delay', seconds: 20, operation: 'PKIOperation' }] },
    play: async (stage) => {
      if (stage.subject.kind === 'command') return unobservable('A command line states no timeout.')
      const faults = [{ fault: 'delay', seconds: 20, operation: 'PKIOperation' }] as const
      const enrolment = await stage.prepare({ timeout: 3 })
      stage.misbehave({ faults })
      const { enrolled, code, said } = await enrolment.enrol()
      return !enrolled && code === 'timed-out' ? pass(said) : fail(`It ended with ${code ?? 'a certificate'}: ${said}`)
    },
  },
  refuses('C-20', 'rollover-unannounced', 'A certificate of a CA that the pinned one has not named is refused.', [{ fault: 'ca-rollover', issuer: 'next', operation: 'PKIOperation' }], 'chain-not-trusted'),
  // After the one before: what a CA has named once stays trusted.
  takes('C-20', 'rollover-announced', 'The CA that GetNextCACert names, signed by the pinned one, is trusted beside it.', [{ fault: 'ca-rollover', issuer: 'next' }]),
  takes('C-22', 'old-signing-time', 'A reply is not judged by its signingTime.', ['old-signing-time']),
]
