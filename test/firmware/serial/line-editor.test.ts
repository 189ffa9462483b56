import test from 'ava'
import fc from 'fast-check'
import { columnsOf, wrap } from '../../../firmware/serial/columns.js'
import { KeyReader, type Key } from '../../../firmware/serial/key-reader.js'
import { LineEditor } from '../../../firmware/serial/line-editor.js'
import { table } from '../../../firmware/serial/presentation.js'

function typed(bytes: string, history: readonly string[] = []): string | undefined {
  const editor = new LineEditor({ prompt: '> ', history })
  for (const key of new KeyReader().read(Buffer.from(`${bytes}\r`))) {
    const { end } = editor.press(key)
    if (end !== undefined) return end.is === 'line' ? end.text : end.is
  }
  return undefined
}

const edits: readonly (readonly [string, string])[] = [
  ['abc\u007f', 'ab'], ['abc\b\b', 'a'], ['\u007fa', 'a'], ['ac\u001b[Db', 'abc'], ['bc\u0001a', 'abc'], ['ab\u0001\u0005c', 'abc'], ['abc\u0001\u0004', 'bc'], ['abc\u001b[H\u001b[3~', 'bc'],
  ['one two\u0017', 'one '], ['one two\u0015', ''], ['one two\u0001\u000b', ''], ['a\tb', 'a b'], ['a\u001b[15~b', 'ab'], ['a\u001bxb', 'ab'], ['a\u001bOHb', 'ba'], ['a\u001b[1;5Cb', 'ab'], ['\u001b\rb', ''],
]

for (const [bytes, text] of edits) {
  test(`typing ${JSON.stringify(bytes)} gives ${JSON.stringify(text)}`, (t) => t.is(typed(bytes), text))
}

test('the arrow keys walk the history and come back to the line that was being typed', (t) => {
  const history = ['first', 'second']
  t.is(typed('\u001b[A', history), 'second')
  t.is(typed('\u001b[A\u001b[A\u001b[A', history), 'first')
  t.is(typed('draft\u001b[A\u001b[A\u001b[B\u001b[B', history), 'draft')
  t.is(typed('\u001b[Bx', history), 'x')
  t.deepEqual(history, ['first', 'second'])
})

/** What a terminal of 80 columns shows on its current row after the output, without any wrapping. */
function rowAfter(output: string): { readonly row: string; readonly cursor: number; readonly widest: number } {
  let row: string[] = []
  let cursor = 0
  let widest = 0
  for (const [step] of output.matchAll(/\u001b\[(?:K|\d+D)|[^]/gu)) {
    if (step === '\r') cursor = 0
    else if (step === '\u001b[K') row = row.slice(0, cursor)
    else if (step.startsWith('\u001b')) cursor -= Number.parseInt(step.slice(2))
    else row[cursor++] = step
    widest = Math.max(widest, cursor)
  }
  return { row: row.join(''), cursor, widest }
}

const key: fc.Arbitrary<Key> = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[a-z ]$/).map((text): Key => ({ is: 'text', text })) },
  { weight: 2, arbitrary: fc.constantFrom<Key>({ is: 'left' }, { is: 'right' }, { is: 'home' }, { is: 'end' }, { is: 'backspace' }, { is: 'delete' }, { is: 'kill-word' }, { is: 'up' }, { is: 'down' }) },
)

test('what the terminal shows is the prompt and the part of the line around the cursor, never past column 79', (t) => {
  fc.assert(fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
    const prompt = 'platen> '
    const editor = new LineEditor({ prompt, history: ['x'.repeat(200), 'short'] })
    const output = prompt + keys.map((each) => editor.press(each).output).join('')
    const shown = rowAfter(output)
    const drawn = rowAfter(editor.draw())
    const end = editor.press({ is: 'enter' }).end
    const text = end?.is === 'line' ? end.text : ''
    t.true(shown.widest <= 79)
    t.is(shown.row, drawn.row)
    t.is(shown.cursor, drawn.cursor)
    t.true(text.includes(shown.row.slice(prompt.length)))
    if (text.length + prompt.length < 79) t.is(shown.row, prompt + text)
  }), { numRuns: 500 })
})

test('CR, LF and CRLF are one Enter each, also when CRLF comes in two pieces', (t) => {
  const reader = new KeyReader()
  const enters = (text: string): number => reader.read(Buffer.from(text)).filter(({ is }) => is === 'enter').length
  t.deepEqual(['a\r\nb', '\r', '\n', '\n', 'x\r\r', '\n\n'].map(enters), [1, 1, 0, 1, 2, 1])
})

test('keys read the same however the bytes are cut', (t) => {
  const bytes = fc.array(fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom('\u001b[A', '\u001b[3~', '\r\n', '\u00fc', '\u{1f5a8}', 'abc').map((text) => Uint8Array.from(Buffer.from(text)))), { maxLength: 20 })
  fc.assert(fc.property(bytes, (pieces) => {
    const whole = Buffer.concat(pieces)
    const [one, two] = [new KeyReader(), new KeyReader()]
    t.deepEqual(Array.from(whole).flatMap((byte) => one.read(Uint8Array.of(byte))), [...two.read(whole)])
  }), { numRuns: 1000 })
})

test('wrapped text loses no word and keeps to its width', (t) => {
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z\u4e00-\u4e20]{1,30}$/u), { maxLength: 30 }), fc.integer({ min: 8, max: 80 }), (words, width) => {
    const lines = wrap(words.join(' '), width, '  ')
    t.true(lines.every((line) => columnsOf(line) <= width))
    t.is(lines.map((line, index) => (index === 0 ? line : line.slice(2))).join('').replaceAll(' ', ''), words.join(''))
  }), { numRuns: 500 })
})

test('a table fits 80 columns whatever is in it', (t) => {
  const columns = ['a', 'b', 'c', 'd', 'e', 'f'].map((field) => ({ field, title: field }))
  const row = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.stringMatching(/^[a-z ]{0,90}$/), { noNullPrototype: true })
  fc.assert(fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
    t.true(table(columns, rows).every((line) => line.length <= 80))
  }), { numRuns: 300 })
})
