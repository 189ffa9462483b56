// `npm run readme`: writes the table of console verbs into README; test/readme.test.ts keeps it in step.
import { readFileSync, writeFileSync } from 'node:fs'
import { commandTable } from '../build/protocol/commands/index.js'

const readme = readFileSync('README.md', 'utf8')
writeFileSync('README.md', readme.replace(/(<!-- commands -->\n)[^]*?(<!-- \/commands -->)/, (_all, open, close) => `${open}${commandTable().trim()}\n${close}`))
