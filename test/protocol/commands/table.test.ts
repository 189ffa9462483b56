import test from 'ava'
import { checkRequest, commandNames, commandTable, commands, commonErrors, definitionOf, helpFor, helpOverview, PROMPTS, readCommandLine, usageOf } from '../../../protocol/commands/index.js'

test('every example of every command reads and passes its check', (t) => {
  for (const name of commandNames) {
    t.true(definitionOf(name).examples.length > 0, name)
    for (const example of definitionOf(name).examples) {
      const { name: read, fields } = readCommandLine(example)
      t.is(read, name)
      const secrets = Object.fromEntries(definitionOf(name).secrets.map(({ field }) => [field, 'long enough for a file']))
      t.notThrows(() => checkRequest(read, { ...fields, ...secrets }), example)
    }
  }
})

test('positional and secret fields exist, and a command lists no common code again', (t) => {
  for (const name of commandNames) {
    const { request, positional, secrets, errors } = definitionOf(name)
    for (const field of [...positional, ...secrets.map((secret) => secret.field)]) t.true(field in request.shape, `${name} ${field}`)
    t.is(new Set(errors).size, errors.length, name)
    t.deepEqual(errors.filter((code) => (commonErrors as readonly string[]).includes(code)), [], name)
  }
})

test('only reading the status needs no administrator', (t) => {
  t.deepEqual(commandNames.filter((name) => commands[name].privilege === 'user'), ['status', 'history', 'whoami', 'logout', 'help'])
})

test('help has one line for each verb, and no line of it is wider than 80 columns', (t) => {
  for (const name of commandNames) t.is(helpOverview().filter((line) => line.startsWith(`  ${name}  `)).length, 1, name)
  t.deepEqual(helpOverview().filter((line) => line.length > 80), [])
})

test('help for a verb shows usage, fields with limits and defaults, and never a secret field', (t) => {
  const help = helpFor('request').join('\n')
  t.true(help.startsWith('request key-name=… cn=… [organization=…] [key-length=…]'))
  t.regex(help, /key-length {4}Key Length \(bit\): 2048, 3072 or 4096 \(default 2048\)/)
  t.notRegex(help, /challenge=/)
  t.is(usageOf('keys assign'), 'keys assign <name> <use>')
})

test('the Markdown table has one row for each verb with three cells', (t) => {
  const rows = commandTable().split('\n')
  t.is(rows.length, commandNames.length + 2)
  t.deepEqual(rows.filter((row) => row.split('|').length !== 5), [])
})

test('no prompt is the end of another that stands after it, so a driver that matches ends cannot mistake one', (t) => {
  PROMPTS.forEach((prompt, index) => t.deepEqual(PROMPTS.slice(index + 1).filter((later) => later.endsWith(prompt)), []))
})
