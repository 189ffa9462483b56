import test from 'ava'
import fc from 'fast-check'
import { crc16, frameLimit, LineReader, packetLimit, writeFrames, type Piece } from '../../../protocol/smp/index.js'

const packets = (pieces: readonly Piece[]): readonly Uint8Array[] => pieces.flatMap((piece) => (piece.is === 'packet' ? [piece.packet] : []))
const text = (pieces: readonly Piece[]): string => Buffer.concat(pieces.flatMap((piece) => (piece.is === 'text' ? [piece.bytes] : []))).toString('latin1')

const packet = fc.uint8Array({ minLength: 8, maxLength: 600 })
const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'help', '=', '"', '\u0001', '\u001b[A', 'é'), minLength: 1, maxLength: 30 }).map((words) => `${words}\r`)

test('the CRC is that of XMODEM', (t) => {
  t.is(crc16(Buffer.from('123456789')), 0x31c3)
  t.is(crc16(new Uint8Array()), 0)
})

test('a frame is the marker, base64 of length, packet and CRC, and a line feed', (t) => {
  // An echo of "hi" in the first version of SMP: write, 7 bytes, group 0, sequence 0x42, command 0; {"d": "hi"}.
  const echo = Buffer.from('0200000700004200' + 'bf6164626869ff', 'hex')
  const body = Buffer.concat([Buffer.of(0, echo.length + 2), echo, Buffer.of(crc16(echo) >> 8, crc16(echo) & 0xff)])
  t.deepEqual(Buffer.from(writeFrames(echo)), Buffer.concat([Buffer.of(6, 9), Buffer.from(`${body.toString('base64')}\n`)]))
})

// What tools of others put on a line, as they logged it: mcumgr in https://github.com/apache/mynewt-mcumgr/issues/167,
// newtmgr in https://github.com/apache/mynewt-core/pull/198.
for (const [who, message, encoded] of [
  ['mcumgr asking for its images', '0000000100014200a0', 'AAsAAAABAAFCAKD1Mw=='],
  ['newtmgr asking for its images', '0000000000010000', 'AAoAAAAAAAEAADcw'],
] as const) {
  test(`a frame as logged by ${who} is written the same, and read`, (t) => {
    const frame = Buffer.concat([Buffer.of(6, 9), Buffer.from(`${encoded}\n`)])
    t.deepEqual(Buffer.from(writeFrames(Buffer.from(message, 'hex'))), frame)
    t.deepEqual(packets(new LineReader().read(frame)).map((each) => Buffer.from(each).toString('hex')), [message])
  })
}

test('no frame is longer than 127 bytes, further ones carry their own marker, and all of any packet comes back', (t) => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 0, maxLength: 3000 }), fc.array(fc.integer({ min: 1, max: 200 })), (given, cuts) => {
    const bytes = Buffer.from(writeFrames(given))
    const frames = bytes.toString('latin1').split('\n').slice(0, -1)
    const fits = frames.every((frame, index) => frame.length + 1 <= frameLimit && frame.startsWith(index === 0 ? '\u0006\t' : '\u0004\u0014'))
    const reader = new LineReader()
    const pieces: Piece[] = []
    let at = 0
    for (const cut of [...cuts, bytes.length]) {
      pieces.push(...reader.read(bytes.subarray(at, at + cut)))
      at += cut
    }
    return fits && pieces.length === 1 && Buffer.compare(packets(pieces)[0]!, given) === 0 && reader.damaged === 0
  }))
  t.throws(() => writeFrames(new Uint8Array(packetLimit + 1)), { instanceOf: TypeError })
})

test('of a line that people and machines share, each gets its own, in order, and nothing of the other', (t) => {
  fc.assert(fc.property(fc.array(fc.oneof(packet.map((given) => ({ given })), line.map((words) => ({ words }))), { maxLength: 12 }), (given) => {
    const reader = new LineReader()
    const pieces: Piece[] = []
    for (const part of given) {
      if ('words' in part) {
        const half = part.words.length >> 1
        pieces.push(...reader.read(Buffer.from(part.words.slice(0, half), 'utf8')))
        if (reader.patience !== undefined) pieces.push(...reader.quiet())
        pieces.push(...reader.read(Buffer.from(part.words.slice(half), 'utf8')))
        if (reader.patience !== undefined) pieces.push(...reader.quiet())
      } else pieces.push(...reader.read(writeFrames(part.given)))
    }
    t.is(text(pieces), Buffer.from(given.map((part) => ('words' in part ? part.words : '')).join(''), 'utf8').toString('latin1'))
    t.deepEqual(packets(pieces).map((each) => Buffer.from(each)), given.flatMap((part) => ('given' in part ? [Buffer.from(part.given)] : [])))
  }))
})

test('a marker in the middle of a line is text; after CR, LF or NUL it starts a frame', (t) => {
  const frames = Buffer.from(writeFrames(Buffer.from('12345678')))
  const inside = new LineReader().read(Buffer.concat([Buffer.from('stat'), frames]))
  t.deepEqual(packets(inside), [])
  t.is(text(inside), `stat${frames.toString('latin1')}`)
  for (const start of ['\r', '\n', '\u0000']) {
    const pieces = new LineReader().read(Buffer.concat([Buffer.from(`stat${start}`), frames, Buffer.from('us')]))
    t.is(packets(pieces).length, 1)
  }
  const interrupted = new LineReader()
  const pieces = [...interrupted.read(Buffer.concat([Buffer.from('stat\0'), frames])), ...interrupted.read(Buffer.from('us\r'))]
  t.is(text(pieces).replaceAll('\0', ''), 'status\r')
})

test('Ctrl-D and every other key come through at once on a line without machines', (t) => {
  for (let key = 0; key < 256; key += 1) {
    const reader = new LineReader()
    if (key === 6) continue
    t.is(text(reader.read(Buffer.of(key))), String.fromCharCode(key))
    t.is(reader.patience, undefined)
  }
})

test('once machines were seen the first key of a line waits 20 ms, no more, and no key is lost', (t) => {
  const reader = new LineReader()
  reader.read(writeFrames(Buffer.from('12345678')))
  t.is(text(reader.read(Buffer.of(4))), '')
  t.is(reader.patience, 20 as never)
  t.is(text(reader.quiet()), '\u0004')
  t.is(text(reader.read(Buffer.from('x'))), 'x')
})

test('a damaged frame is dropped at its end, nothing of it becomes text, and the next frame counts', (t) => {
  fc.assert(fc.property(packet, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom('flip', 'drop', 'double'), (given, place, bits, kind) => {
    const good = Buffer.from(writeFrames(given))
    const at = place % good.length
    const hit = kind === 'flip' ? Buffer.of(good[at]! ^ bits) : kind === 'drop' ? Buffer.alloc(0) : Buffer.of(good[at]!, good[at]!)
    const bad = Buffer.concat([good.subarray(0, at), hit, good.subarray(at + 1)])
    const reader = new LineReader()
    reader.read(writeFrames(Buffer.from('first')))
    const after = Buffer.from('a whole one')
    const pieces = [...reader.read(bad), ...reader.read(writeFrames(after)), ...reader.read(writeFrames(after))]
    const got = packets(pieces).map((each) => Buffer.from(each))
    // Doubling the line feed, or writing CR for it, harms nothing.
    const intact = got.length === 3 && Buffer.compare(got[0]!, given) === 0
    t.deepEqual(intact ? got.slice(1) : got, [after, after])
    // A marker that became a lone line end is one.
    t.is(text(pieces).replace(/^[\n\r\0]$/, ''), '')
  }), { numRuns: 2000 })
})

test('no flip of one byte of a marker becomes text, other than a line end', (t) => {
  const good = Buffer.from(writeFrames(Buffer.from('12345678')))
  for (const at of [0, 1]) {
    for (let byte = 0; byte < 256; byte += 1) {
      const reader = new LineReader()
      reader.read(good)
      const bad = Buffer.from(good)
      bad[at] = byte
      const pieces = [...reader.read(bad), ...reader.read(good), ...reader.read(good)]
      t.true(packets(pieces).length >= 2)
      t.regex(text(pieces), /^[\n\r\0]?$/, `byte ${at} is ${byte}`)
    }
  }
})

test('what is kept of a line is bounded, whatever comes', (t) => {
  const reader = new LineReader({ limit: 1000 })
  reader.read(Buffer.of(6, 9))
  t.deepEqual(reader.read(Buffer.alloc(100_000, 'A')), [])
  t.deepEqual(reader.read(Buffer.from('\n')), [])
  reader.quiet()
  t.is(packets(reader.read(writeFrames(new Uint8Array(1000)))).length, 1)
  t.is(packets(reader.read(writeFrames(new Uint8Array(1001)))).length, 0)
})

test('any bytes in any pieces: no throw, and a packet only where its CRC fits', (t) => {
  const rough = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(Uint8Array.of(6, 9), Uint8Array.of(4, 20), Uint8Array.of(10), Uint8Array.of(13)), packet.map(writeFrames), fc.base64String().map((words) => Buffer.from(words))), { maxLength: 20 })
  fc.assert(fc.property(rough, (parts) => {
    const reader = new LineReader()
    const sent = parts.reduce((sum, part) => sum + part.length, 0)
    let given = 0
    for (const part of parts) {
      for (const piece of reader.read(part)) given += piece.is === 'text' ? piece.bytes.length : piece.packet.length
      if (part.length % 3 === 0 && reader.patience !== undefined) reader.quiet()
    }
    return given <= sent
  }))
  t.pass()
})
