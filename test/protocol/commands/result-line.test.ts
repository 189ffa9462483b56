import test from 'ava'
import fc from 'fast-check'
import { PlatenError } from '../../../protocol/errors.js'
import { errorResult, parseResultLine, resultOf, writeResultLine, type ResultLine } from '../../../protocol/commands/index.js'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((text) => text !== 'message' && text !== 'fix' && text !== '__proto__')
const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }), fc.constantFrom('', '= ok', '"', '\\', '\\u000a', '\r\n', 'a=b', '\u202Ereversed', '\u001b[2J'))
const values = fc.dictionary(name, value, { noNullPrototype: true })
const result: fc.Arbitrary<ResultLine> = fc.oneof(
  fc.record({ ok: fc.constant(true as const), values }),
  fc.record({ ok: fc.constant(false as const), code: fc.constantFrom('store-full' as const, 'internal' as const), message: value, fix: value, facts: values }),
)

test('a result line reads back as what was written, whatever the values hold', (t) => {
  fc.assert(fc.property(result, (given) => {
    t.deepEqual(parseResultLine(writeResultLine(given)), given)
  }), { numRuns: 2000 })
})

test('a result is always one line, of characters that a terminal only shows', (t) => {
  fc.assert(fc.property(result, (given) => {
    t.notRegex(writeResultLine(given), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  }), { numRuns: 2000 })
})

test('a line end does not matter, and other or damaged lines are no results', (t) => {
  t.deepEqual(parseResultLine('= ok keys=3\r\n'), { ok: true, values: { keys: '3' } })
  const others = ['', '= okay', '=ok', ' = ok', '… = ok', '= ok a', '= ok a="', '= ok a="x"y', '= ok a=1 a=2', '= error', '= error store-full', '= error store-full message="x"', '= error store-full message="x" fix="y', '= ok a="\\x"', '= ok\n= ok']
  t.deepEqual(others.filter((line) => parseResultLine(line) !== undefined), [])
})

test('parsing takes any text without a throw', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '= ok ', '= error internal '), (text, start) => {
    t.notThrows(() => parseResultLine(start + text))
  }), { numRuns: 2000 })
})

test('a reply ends as its single values; records and printed lines are counted', (t) => {
  t.deepEqual(resultOf('keys show', { name: 'office', bits: 2048, expires: undefined, 'dns-names': ['a.example', 'b.example'], 'ip-addresses': [], chain: [] }), {
    ok: true, values: { name: 'office', bits: '2048', 'dns-names': 'a.example,b.example', 'ip-addresses': '', chain: '0' },
  })
  t.deepEqual(resultOf('keys list', { limit: 8, keys: [{ name: 'a' }, { name: 'b' }] }), { ok: true, values: { limit: '8', keys: '2' } })
  t.deepEqual(resultOf('log', { lines: ['x', 'y', 'z'] }), { ok: true, values: { lines: '3' } })
})

test('an error ends as its code, message, fix and facts', (t) => {
  const error = new PlatenError('scep-failure', 'refused', { fix: 'Ask "them".', facts: { failInfoText: 'no', status: 2 } })
  t.is(writeResultLine(errorResult(error)), '= error scep-failure message="refused" fix="Ask \\"them\\"." fail-info-text=no status=2')
})
