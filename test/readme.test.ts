import { readFileSync } from 'node:fs'
import test from 'ava'
import { commandTable } from '../protocol/commands/index.js'

const readme = readFileSync('README.md', 'utf8')

/** `npm run readme` writes it anew. */
test('README lists the console verbs as the table of commands has them', (t) => {
  const [, listed] = /<!-- commands -->\n([^]*?)<!-- \/commands -->/.exec(readme) ?? []
  t.is(listed?.trim(), commandTable().trim())
})

test('every npm script that README names exists', (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
  const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1]!)
  t.deepEqual([...new Set(named)].filter((name) => scripts[name] === undefined), [])
})
