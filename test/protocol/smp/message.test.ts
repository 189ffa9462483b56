import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import {
  answers, depthLimit, LineReader, readMessage, readPayload, readRefusal, Refusal, refusalPayload, replyHeader, seal, SmpServer, unseal, writeFrames, writeMessage, writePayload,
  type Message, type MessageHeader,
} from '../../../protocol/smp/index.js'

interface Vector {
  readonly header: MessageHeader
  readonly payload: Readonly<Record<string, string | number>>
  readonly bytes: string
}

const vectors = JSON.parse(readFileSync('test/vectors/smp/messages.json', 'utf8')) as readonly Vector[]

const header: fc.Arbitrary<MessageHeader> = fc.record({
  operation: fc.constantFrom('read', 'read-reply', 'write', 'write-reply'), version: fc.constantFrom(0, 1), flags: fc.nat(255), group: fc.nat(65535), sequence: fc.nat(255), id: fc.nat(255),
})
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.uint8Array()),
  node: fc.oneof({ maxDepth: 3 }, tie('leaf'), fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.string(), tie('node'), { maxKeys: 4, noNullPrototype: true })),
})).node
const fields = fc.dictionary(fc.string(), value, { maxKeys: 6, noNullPrototype: true })

const plain = (given: unknown): unknown => JSON.parse(JSON.stringify(given, (_, each: unknown) => (each instanceof Uint8Array ? [...each] : Object.is(each, -0) ? 0 : each)))

test('messages are byte for byte those of another implementation', (t) => {
  for (const { header: given, payload, bytes } of vectors) {
    const packet = Buffer.from(bytes, 'hex')
    t.deepEqual(Buffer.from(writeMessage({ ...given, data: writePayload(payload) })), packet)
    const { data, ...read } = readMessage(packet)!
    t.deepEqual(read, given)
    t.deepEqual({ ...readPayload(data) }, payload)
  }
})

test('what was written is read, header and payload', (t) => {
  fc.assert(fc.property(header, fields, (given, payload) => {
    const message: Message = { ...given, data: writePayload(payload as Record<string, string>) }
    const read = readMessage(writeMessage(message))
    t.deepEqual(read, message)
    t.deepEqual(plain(readPayload(read!.data)), plain(payload))
  }))
})

test('a reply answers one request: another sequence, group, command or kind is not for it', (t) => {
  fc.assert(fc.property(header.filter(({ operation }) => operation === 'read' || operation === 'write'), header, (request, other) => {
    t.true(answers(replyHeader(request), request))
    const reply = replyHeader(request)
    for (const name of ['operation', 'group', 'sequence', 'id'] as const) {
      t.is(answers({ ...reply, [name]: other[name] }, request), other[name] === reply[name], name)
    }
  }))
})

test('any bytes as a message or a payload: no throw, and what is read is within the limits', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    readMessage(bytes)
    readPayload(bytes)
  }), { numRuns: 20_000 })
  t.pass()
})

test('payloads that are no map with text keys, or go too deep, or repeat a key, are refused', (t) => {
  const hex = (text: string): ReturnType<typeof readPayload> => readPayload(Buffer.from(text, 'hex'))
  t.deepEqual({ ...hex('bf616401ff') }, { d: 1 }, 'a map of indefinite length, as small devices write it')
  for (const [what, text] of Object.entries({
    'a number': '01', 'a list': '80', 'a number as key': 'a10102', 'null': 'a16164f6', 'undefined': 'a16164f7', 'a tag': 'a16164c001', 'NaN': 'a16164f97e00', 'infinity': 'a16164f97c00',
    'a key twice': 'a2616401616402', 'a big integer': 'a161641bffffffffffffffff', 'more after the end': 'a000', 'cut short': 'a16164', 'a list of 2^32 - 1': 'a161649affffffff01',
  })) t.is(hex(text), undefined, what)
  const nested = (depth: number): string => `a16164${'81'.repeat(depth)}01`
  t.not(hex(nested(depthLimit - 1)), undefined)
  t.is(hex(nested(depthLimit)), undefined)
  t.is(hex(nested(60_000)), undefined)
  t.is(hex(`a16164${'9f'.repeat(60_000)}`), undefined)
  t.is(hex(`a16164997530${'00'.repeat(30_000)}`), undefined, 'too many values')
})

test('a field called like a member of objects is a field', (t) => {
  const payload = readPayload(writePayload(JSON.parse('{"__proto__": {"ok": true}, "constructor": 1}') as Record<string, number>))!
  t.deepEqual(Object.keys(payload).sort(), ['__proto__', 'constructor'])
  t.is(payload['ok'], undefined)
})

test('a seal holds for its content and its message alone', (t) => {
  fc.assert(fc.property(header, header, fields, fc.nat(), (given, other, content, place) => {
    const sealed = seal(given, content as Record<string, string>)
    const payload = readPayload(writePayload(sealed))!
    t.deepEqual(plain(unseal(given, payload)), plain(content))
    if (Object.entries({ ...given, flags: other.flags }).some(([name, each]) => other[name as keyof MessageHeader] !== each)) t.is(unseal(other, payload), undefined)
    const m = Uint8Array.from(sealed.m)
    m[place % m.length]! ^= 1
    t.is(unseal(given, readPayload(writePayload({ ...sealed, m }))!), undefined)
  }))
})

test('refusals have the numbers that every client of SMP knows, in the form of each version', (t) => {
  t.deepEqual(refusalPayload(new Refusal('not-supported'), 0), { rc: 8 })
  t.deepEqual(refusalPayload(new Refusal('not-supported'), 1), { rc: 8 })
  t.deepEqual(refusalPayload(new Refusal(2, 64), 1), { err: { group: 64, rc: 2 } })
  t.deepEqual(refusalPayload(new Refusal(2, 64), 0), { rc: 2 })
  t.is(readRefusal({ rc: 0 }), undefined)
  t.is(readRefusal({ rc: 10 })?.rc, 10)
  t.like(readRefusal({ err: { group: 64, rc: 2 } }), { rc: 2, group: 64 })
})

test('a server remembers a bounded number of replies, and a repetition within them does nothing twice', async (t) => {
  let runs = 0
  const sent: Uint8Array[] = []
  const server = new SmpServer({ send: (packet) => sent.push(packet), handle: () => ({ run: (runs += 1) }) })
  const request = (sequence: number, text = ''): Uint8Array => writeMessage({ operation: 'write', version: 1, flags: 0, group: 9, sequence, id: 1, data: writePayload({ text }) })
  for (let sequence = 0; sequence < 16; sequence += 1) await server.take(request(sequence))
  for (let sequence = 0; sequence < 16; sequence += 1) await server.take(request(sequence))
  t.is(runs, 16)
  t.deepEqual(sent.slice(16), sent.slice(0, 16))
  await server.take(request(0, 'another one with the same number'))
  t.is(runs, 17)
  await server.take(request(0))
  t.is(runs, 18, 'the oldest was let go')
})

test('a server answers mutated requests by the protocol or not at all, and never throws', async (t) => {
  const requests = vectors.map(({ bytes }) => Buffer.from(bytes, 'hex'))
  await fc.assert(fc.asyncProperty(fc.constantFrom(...requests), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), async (request, hits, cut) => {
    const packet = Uint8Array.from(request)
    for (const [place, byte] of hits) packet[place % packet.length] = byte
    const sent: Uint8Array[] = []
    const server = new SmpServer({ send: (reply) => sent.push(reply), handle: () => Promise.reject(new Error('a handler that fails')) })
    await server.take(cut % 4 === 0 ? packet.subarray(0, cut % packet.length) : packet)
    const reader = new LineReader()
    for (const reply of sent) t.true(readRefusal(readPayload(readMessage(reply)!.data)!)!.rc > 0 && reader.read(writeFrames(reply)).length === 1)
  }), { numRuns: 2000 })
  t.pass()
})
