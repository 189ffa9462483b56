import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { ErrorCode } from '../../../protocol/errors.js'
import { PlatenError } from '../../../protocol/errors.js'
import { checkRequest, commandNames, nearest, readCommandLine, writeCommandLine, type CommandName } from '../../../protocol/commands/index.js'

function refused(t: ExecutionContext, run: () => unknown, code: ErrorCode, ...texts: readonly RegExp[]): void {
  const error = t.throws(run, { instanceOf: PlatenError })
  t.is(error.code, code, error.message)
  for (const text of texts) t.regex(`${error.message} | ${error.fix}`, text)
}

const slips = (name: string): readonly string[] => {
  const found = Array.from(name).flatMap((letter, at) => [
    name.slice(0, at) + name.slice(at + 1),
    name.slice(0, at) + letter + name.slice(at),
    name.slice(0, at) + (name[at + 1] ?? '') + letter + name.slice(at + 2),
  ])
  const same = (text: string): string => text.trim().replace(/\s+/g, ' ')
  return [...new Set(found.map(same))].filter((text) => text !== '' && text !== same(name))
}

for (const name of commandNames) {
  test(`"${name}" with one letter dropped, doubled or swapped is answered with did you mean`, (t) => {
    for (const slip of slips(name)) refused(t, () => readCommandLine(slip), 'unknown-verb', new RegExp(`Did you mean .*"${name}"`))
  })
}

test('one letter wrong in a field is answered with did you mean, and the fields are listed', (t) => {
  for (const slip of slips('key-name')) refused(t, () => readCommandLine(`request ${slip}=x cn=a.example`), 'unknown-field', /Did you mean "key-name"\?/, /organization/)
  refused(t, () => checkRequest('comm set', { prot: 80 }), 'unknown-field', /comm set has no field "prot"/, /Did you mean "port"/)
  refused(t, () => readCommandLine('whoami now'), 'unknown-field', /whoami takes none/)
})

test('what is far from every verb gets no guess', (t) => {
  t.deepEqual(nearest('enrollcertificate', commandNames), [])
  refused(t, () => readCommandLine('format c:'), 'unknown-verb', /"format" is not a verb/, /Type help/)
})

test('a verb of two words alone asks for the second', (t) => {
  refused(t, () => readCommandLine('keys'), 'missing-field', /keys list, show, delete, assign, import or export/)
  refused(t, () => readCommandLine('comm port=80'), 'missing-field', /comm show or set/)
})

test('a secret on the line is refused with the reason, and its value is nowhere in the error', (t) => {
  const error = t.throws(() => readCommandLine('request key-name=a cn=a.example challenge=hunter2secret'), { instanceOf: PlatenError })
  t.is(error.code, 'invalid-value')
  t.regex(error.message, /challenge is secret/)
  t.false(JSON.stringify([error.message, error.fix, error.facts]).includes('hunter2secret'))
})

test('positional values, quotes and names mix; a field twice is refused', (t) => {
  t.deepEqual(readCommandLine('keys assign "front office" use=tls'), { name: 'keys assign', fields: { use: 'tls', name: 'front office' } })
  t.deepEqual(readCommandLine('  RESTART new   certificate '), { name: 'restart', fields: { reason: 'new certificate' } })
  t.deepEqual(readCommandLine('help keys assign'), { name: 'help', fields: { verb: 'keys assign' } })
  refused(t, () => readCommandLine('keys assign office tls name=x'), 'unknown-field', /"tls" is not expected/)
  refused(t, () => readCommandLine('comm set port=1 port=2'), 'invalid-value', /port is given twice/)
  refused(t, () => readCommandLine('comm set url="http://a'), 'invalid-value', /closing quote is missing/)
})

test('a written command line reads back, secrets left out', (t) => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
  fc.assert(fc.property(text, text, (keyName, organization) => {
    t.deepEqual(readCommandLine(writeCommandLine('request', { 'key-name': keyName, organization, challenge: 'secret', 'key-length': 2048 })), { name: 'request', fields: { 'key-name': keyName, organization, 'key-length': '2048' } })
  }))
})

test('text from people and types from machines make the same request', (t) => {
  const people = checkRequest('request', { 'key-name': 'office', cn: '192.0.2.1', 'key-length': '3072', dns: 'a.example,b.example', ip: '2001:db8::1' })
  const machine = checkRequest('request', { 'key-name': 'office', cn: '192.0.2.1', 'key-length': 3072, dns: ['a.example', 'b.example'], ip: ['2001:db8::1'] })
  t.deepEqual(people, machine)
  t.deepEqual(people, { 'key-name': 'office', cn: '192.0.2.1', 'key-length': 3072, digest: 'sha256', dns: ['a.example', 'b.example'], ip: ['2001:db8::1'], use: 'none' })
  t.is(checkRequest('ca pin', { fingerprint: 'AB:'.repeat(31) + 'AB' }).fingerprint, 'ab'.repeat(32))
})

test('defaults are those of device.md section 3: RSA 2048, SHA-256, no use', (t) => {
  t.like(checkRequest('request', { 'key-name': 'a', cn: 'a.example' }), { 'key-length': 2048, digest: 'sha256', use: 'none', dns: [], ip: [] })
})

const limits: readonly (readonly [CommandName, string, readonly unknown[], readonly unknown[], RegExp])[] = [
  ['comm set', 'port', [1, '1', 65535, '65535'], [0, '0', 65536, '65536', '80x', '', 1.5, '1e3', null, true], /whole number from 1 to 65535/],
  ['comm set', 'timeout', [1, 600, '600'], [0, 601, '601'], /whole number from 1 to 600/],
  ['comm set', 'url', ['http://a/', 'https://ca.example.com/scep', 'http://a/' + 'x'.repeat(246)], ['ftp://a/', 'a', 'http://', 'http://a/' + 'x'.repeat(247), 7], /http: or https: address of at most 255/],
  ['comm set', 'policy', ['standard', 'legacy'], ['Standard', 'none'], /standard or legacy/],
  ['request', 'key-name', ['a', 'x'.repeat(64)], ['', 'x'.repeat(65), 'a\nb'], /1 to 64 characters/],
  ['request', 'key-length', [2048, '4096'], [1024, '2049', 'large'], /2048, 3072 or 4096/],
  ['request', 'digest', ['sha256', 'sha512', 'sha1'], ['md5', 'SHA256'], /sha256, sha384, sha512 or sha1/],
  ['request', 'cn', ['192.0.2.1', '2001:db8::1', 'a.example', 'xn--p1ai.example'], ['printer', '192.0.2.256', '1.2.3', 'a..example', 'a.example.', '-a.example', 'a b.example', 'a.' + 'x'.repeat(63), 'fe80::1%eth0'], /an IP address or a fully qualified domain name/],
  ['request', 'dns', ['', 'printer', 'a.example', ['a.example']], ['a b', 'a.example,,b.example', ['1.2'], Array(17).fill('a.example')], /at most 16 host names/],
  ['request', 'ip', ['', '::1,192.0.2.1'], ['1.2.3', 'a.example'], /at most 16 IP addresses/],
  ['request', 'use', ['none', 'tls', 'TLS', '802.1x', 'ieee-802-1x', 'mqtt', 'ipsec:office'], ['', 'ipsec', 'ipsec:', 'wlan'], /none, tls, ieee-802-1x, mqtt or ipsec/],
  ['history', 'entry', [1, '20'], [0, 21], /whole number from 1 to 20/],
  ['log', 'lines', [1, 500], [0, 501], /whole number from 1 to 500/],
  ['ca pin', 'fingerprint', ['0'.repeat(64)], ['0'.repeat(63), 'g'.repeat(64), '0'.repeat(65)], /64 hexadecimal digits/],
  ['restart', 'reason', ['a'], ['', 'x'.repeat(101)], /1 to 100 characters/],
]

const whole: Partial<Record<CommandName, Readonly<Record<string, unknown>>>> = { request: { 'key-name': 'a', cn: 'a.example' } }

for (const [name, field, good, bad, text] of limits) {
  test(`${name}: ${field} is held to its limits, and a refusal names field, limit and fix`, (t) => {
    for (const value of good) t.notThrows(() => checkRequest(name, { ...whole[name], [field]: value }), `${field}=${String(value)}`)
    for (const value of bad) refused(t, () => checkRequest(name, { ...whole[name], [field]: value }), 'invalid-value', new RegExp(`^${field}: `), text, new RegExp(`Give ${field} as `))
  })
}

test('a missing field is named, with what it should be', (t) => {
  refused(t, () => checkRequest('request', { 'key-name': 'a' }), 'missing-field', /cn is missing: Common Name/, /Give cn=… as an IP address/)
  refused(t, () => checkRequest('keys assign', { name: 'a' }), 'missing-field', /use is missing/)
})

test('a bad secret is refused without being shown', (t) => {
  const error = t.throws(() => checkRequest('password', { current: 'x', new: 'short77' }), { instanceOf: PlatenError })
  t.is(error.message, 'new: what was given is not 8 to 255 characters without control characters.')
})

test('checking takes any value, and refuses with our codes only', (t) => {
  const codes = new Set(['unknown-field', 'missing-field', 'invalid-value'])
  fc.assert(fc.property(fc.constantFrom(...commandNames), fc.anything(), fc.dictionary(fc.constantFrom('url', 'port', 'dns', 'name', 'cn', '__proto__', 'entry', 'fingerprint', 'current'), fc.anything()), (name, any, raw) => {
    for (const given of [any, raw]) {
      try {
        checkRequest(name, given)
      } catch (error) {
        t.true(error instanceof PlatenError && codes.has(error.code), error instanceof Error ? String(error.stack) : "")
      }
    }
  }), { numRuns: 1000 })
})
