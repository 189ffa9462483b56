import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { PlatenError } from '../../../protocol/errors.js'
import { benchFaults, chooseBoards, mustAllow, readBench, type Bench } from '../../../rig/bench/index.js'

const read = (text: string): Bench => readBench(new TextEncoder().encode(text), '/srv/bench/bench.yaml')
const minimal = 'boards:\n  soft: process\n'

function refused(t: ExecutionContext, text: string): PlatenError {
  const error = t.throws(() => read(text), { instanceOf: PlatenError })
  t.is(error.code, 'config-invalid', text)
  t.not(error.fix, '', text)
  return error
}

test('one board is enough; nothing may be done to a bench that does not say so', (t) => {
  const bench = read(minimal)
  t.deepEqual(bench.boards, [{ name: 'soft', process: true, baudRate: 115_200, drive: 'console' }])
  t.like(bench, { state: '/srv/bench/.bench', broker: { kind: 'none', site: 'bench' }, faults: [] })
  t.deepEqual(bench.scep, { kind: 'embedded', address: '127.0.0.1' })
  for (const fault of benchFaults) t.like(t.throws(() => mustAllow(bench, fault)), { code: 'invalid-value' })
  t.notThrows(() => mustAllow(read(`${minimal}faults: [power-cut]\n`), 'power-cut'))
})

test('the example that errors point to is a valid bench file', (t) => {
  const bench = read(readFileSync('rig/bench/bench.example.yaml', 'utf8'))
  t.deepEqual(bench.boards.map(({ name }) => name), ['desk', 'soft'])
  t.is(bench.boards[0]?.passwordFile, '/srv/bench/desk-password.txt')
})

test('a word is short for a board of that line, and for a kind of server', (t) => {
  const { boards, scep } = read('boards:\n  a: /dev/ttyUSB0\n  b: tcp://host:2001\n  c: unix:line\nscep: container\n')
  t.deepEqual(boards.map(({ serial }) => serial), ['/dev/ttyUSB0', 'tcp://host:2001', 'unix:/srv/bench/line'])
  t.is(scep.kind, 'container')
})

test('a broker elsewhere is given with who the rig is there; its files lie beside the bench file', (t) => {
  t.like(read(`${minimal}broker: "mqtts://host"\n`).broker, { kind: 'url', url: 'mqtts://host' })
  const { broker } = read(`${minimal}broker: {url: "mqtts://host:8883", site: office, identity: {certificate: rig.pem, key: /etc/rig.key, trustAnchors: ca.pem}}\n`)
  t.deepEqual(broker, { kind: 'url', url: 'mqtts://host:8883', site: 'office', identity: { certificate: '/srv/bench/rig.pem', key: '/etc/rig.key', trustAnchors: '/srv/bench/ca.pem' } })
})

test('a server elsewhere is taken only with the fingerprint of its CA', (t) => {
  const pinned = read(`${minimal}scep: {url: "http://host/scep", fingerprint: ${'AB'.repeat(32)}}\n`)
  t.like(pinned.scep, { kind: 'url', url: 'http://host/scep', fingerprint: 'ab'.repeat(32) })
  t.regex(refused(t, `${minimal}scep: http://host/scep\n`).message, /line 3 column 1: scep must have the fingerprint/)
})

const faults: readonly (readonly [text: string, message: RegExp, fix: RegExp])[] = [
  ['boards:\n  soft: proces\n', /line 2 column 3: boards\.soft must be a device/, /example/],
  ['boards:\n  soft: {serail: /dev/x}\n', /boards\.soft\.serail is no setting of a bench/, /Did you mean "serial"/],
  ['boards:\n  soft: {serial: /dev/x, power: {onn: [a], off: [b]}}\n', /boards\.soft\.power\.onn is no setting/, /Did you mean "on"/],
  ['boards:\n  soft: {process: true, power: {on: [a], off: [b]}}\n', /boards\.soft must not have power/, /./],
  ['boards:\n  soft: {process: true, drive: mqtt}\n', /boards\.soft\.drive must be one of console, frames/, /./],
  ['boards:\n  soft: {process: true, mqtt: {device: a/b}}\n', /boards\.soft\.mqtt\.device must be a name/, /./],
  ['boards:\n  soft: {process: true, serial: /dev/x}\n', /boards\.soft must have serial, or process: true, and not both/, /./],
  ['boards:\n  soft: {}\n', /boards\.soft must have serial/, /./],
  ['boards: {}\n', /boards must name at least one board/, /./],
  ['boards:\n  Soft Board: process\n', /boards\.Soft Board/, /./],
  ['board:\n  soft: process\n', /line 1 column 1: board is no setting of a bench/, /Did you mean "boards"/],
  ['boards:\n  soft: {serial: /dev/x, power: {on: [], off: [b]}}\n', /power\.on must be a list/, /./],
  [`${minimal}scep: {kind: embeded}\n`, /scep\.kind must be one of embedded, process, container, url/, /./],
  [`${minimal}scep: {url: "ftp://host", fingerprint: ${'ab'.repeat(32)}}\n`, /scep\.url must be an address such as http:/, /./],
  [`${minimal}broker: rabbit\n`, /broker must be none, embedded, process, or an address/, /./],
  [`${minimal}faults: [scep, clock-step]\n`, /faults\.1 must be one of scep, power-cut, serial, broker/, /./],
  [`${minimal}faults: [disk-full]\n`, /faults\.0 must be one of scep, power-cut, serial, broker/, /./],
  [`${minimal}broker: {url: "mqtt://host", identity: {certificate: a, key: b, trustAnchors: c}}\n`, /broker must be an address such as mqtts:/, /./],
  [`${minimal}faults: [fire]\n`, /line 3 column 10: faults\.0 must be one of scep, power-cut/, /./],
  ['scep: embedded\n', /boards is missing/, /example/],
]

for (const [text, message, fix] of faults) {
  test(`the first fault is named by its path, and what to do: ${JSON.stringify(text)}`, (t) => {
    const error = refused(t, text)
    t.regex(error.message, message)
    t.regex(error.fix, fix)
  })
}

test('any text gives a bench or our error', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom('boards', 'scep', 'a', ': ', '\n', '\n  ', '{', '}', '[', ']', 'process', 'url', '&a', '*a', '5', ', ', 'power', 'on'), { maxLength: 30 }), (words) => {
    try {
      read(words.join(''))
    } catch (error) {
      if (!(error instanceof PlatenError)) throw error
    }
  }))
  t.pass()
})

test('a board that the bench does not have is told with those it has', (t) => {
  const bench = read('boards:\n  a: process\n  b: process\n')
  t.deepEqual(chooseBoards(bench, []).map(({ name }) => name), ['a', 'b'])
  t.deepEqual(chooseBoards(bench, ['b']).map(({ name }) => name), ['b'])
  t.regex(t.throws(() => chooseBoards(bench, ['c']), { instanceOf: PlatenError }).fix, /a, b/)
})
