import { every, fail, inconclusive, messagesOf, pass, shows, takes, unobservable, type Check, type Finding, type Stage } from '../check.js'
import type { Observed } from '../witness.js'

const weak = ({ message, opened }: Observed): string | undefined => {
  if (opened === undefined) return 'It sent an envelope that cannot be opened.'
  if (!opened.cipher.startsWith('aes')) return `It encrypted with ${opened.cipher}.`
  return message?.digest === 'sha1' ? 'It signed over SHA-1.' : undefined
}

const tag = (csr: Uint8Array): number | undefined => {
  // challengePassword (1.2.840.113549.1.9.7), then SET, then the string.
  const at = Buffer.from(csr).indexOf(Buffer.from('06092a864886f70d010907', 'hex'))
  const set = at + 11
  return at < 0 ? undefined : csr[set + ((csr[set + 1] ?? 0) >= 0x80 ? 3 : 2)]
}

async function enrolUnder(stage: Stage, faults: Check['script']['faults']): Promise<readonly Observed[]> {
  const enrolment = await stage.prepare()
  stage.misbehave({ faults })
  await enrolment.enrol()
  return messagesOf(stage.witness.seen)
}

const floorKept = (messages: readonly Observed[]): Finding => (messages.length === 0 ? inconclusive('It sent no message.') : every(messages, 'AES and SHA-2 all the same.', weak))

const spell = (byte: number | undefined): string => ({ 0x13: 'PrintableString', 0x0c: 'UTF8String', 0x16: 'IA5String', 0x14: 'TeletexString', 0x1e: 'BMPString' })[byte ?? 0] ?? 'no challengePassword'

function challengeCheck(name: string, expectation: string, secret: string, wanted: number): Check {
  return {
    rule: 'C-16', name, expectation, script: { faults: [] },
    play: async (stage) => {
      await (await stage.prepare()).enrol({ challenge: secret })
      const content = stage.witness.seen.find(({ csr }) => csr !== undefined)?.opened?.content
      if (content === undefined) return inconclusive('It sent no request that could be read.')
      const found = tag(content)
      if (found === undefined) return unobservable('It sent no challenge.')
      return found === wanted ? pass(`It is a ${spell(found)}.`) : fail(`It is a ${spell(found)}.`)
    },
  }
}

export const algorithmChecks: readonly Check[] = [
  shows('C-1', 'strong-out', 'Every message is encrypted with AES and signed over SHA-2.', (messages) => every(messages, 'AES and SHA-2', weak)),
  shows('C-1', 'post-out', 'Where the CA says POSTPKIOperation messages go by POST.', (messages) => every(messages, 'By POST', ({ arrival }) => (arrival.method === 'POST' ? undefined : `It sent a message by ${arrival.method}.`))),
  takes('C-3', 'html-caps', 'A page for people as GetCACaps means that nothing is stated.', ['html-caps']),
  takes('C-3', 'empty-caps', 'An empty GetCACaps means that nothing is stated.', ['empty-caps']),
  takes('C-3', 'blank-line-caps', 'Blank lines and CRLF between the words mean nothing.', ['blank-line-caps']),
  takes('C-3', 'no-caps', 'An HTTP error for GetCACaps means that nothing is stated.', [{ fault: 'http-status', status: 404, operation: 'GetCACaps' }]),
  takes('C-3', 'caps-media-type', 'The media type of GetCACaps means nothing.', [{ fault: 'wrong-mime', operation: 'GetCACaps', type: 'application/octet-stream' }]),
  {
    rule: 'C-4', name: 'forged-caps', expectation: 'A GetCACaps that states nothing does not lower the algorithms.', script: { faults: ['empty-caps'] },
    play: async (stage) => floorKept(await enrolUnder(stage, ['empty-caps'])),
  },
  {
    rule: 'C-4', name: 'bad-alg', expectation: 'badAlg does not lower the algorithms where no policy allows it.', script: { faults: [{ fault: 'fail', info: 'badAlg' }] },
    play: async (stage) => floorKept(await enrolUnder(stage, [{ fault: 'fail', info: 'badAlg' }])),
  },
  {
    rule: 'C-4', name: 'bad-alg-after-success', expectation: 'Even where a policy allows less, what has worked with this CA is not undercut.', script: { faults: [{ fault: 'fail', info: 'badAlg' }] },
    play: async (stage) => {
      if (stage.subject.kind === 'command') return unobservable('A command line states no policy.')
      const enrolment = await stage.prepare({ policy: 'legacy' })
      if (!(await enrolment.enrol()).enrolled) return inconclusive('It does not enrol under this policy.')
      stage.misbehave({ faults: [{ fault: 'fail', info: 'badAlg' }] })
      await enrolment.enrol()
      return floorKept(messagesOf(stage.witness.seen))
    },
  },
  shows('C-15', 'pkcs1-out', 'The content key goes out by RSAES-PKCS1-v1_5.', (messages) => every(messages, 'RSAES-PKCS1-v1_5', ({ opened }) => (opened?.keyTransport === 'pkcs1' ? undefined : `It used ${opened?.keyTransport ?? 'a key transport that cannot be opened'}.`))),
  takes('C-15', 'oaep-sha1-in', 'A reply by OAEP with SHA-1 is read.', ['oaep-reply']),
  takes('C-15', 'oaep-sha256-in', 'A reply by OAEP with SHA-256 is read.', [{ fault: 'oaep-reply', digest: 'sha256' }]),
  challengeCheck('printable-challenge', 'A challenge of letters, digits and spaces is a PrintableString.', 'Rig challenge 1', 0x13),
  challengeCheck('utf8-challenge', 'A challenge with other characters is a UTF8String.', 'Schlüssel_1', 0x0c),
]
