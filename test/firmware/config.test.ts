import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { readConfig, type BoardConfig } from '../../firmware/config.js'
import { PlatenError } from '../../protocol/errors.js'

const read = (text: string): BoardConfig => readConfig(new TextEncoder().encode(text), '/etc/platen/board.yaml')
const minimal = 'data: /var/lib/platen\nserial: {path: /dev/ttyAMA0}\n'

function refused(t: ExecutionContext, text: string): PlatenError {
  const error = t.throws(() => read(text), { instanceOf: PlatenError })
  t.is(error.code, 'config-invalid')
  t.false(/[\r\n]/.test(error.message), 'one line')
  t.not(error.fix, '')
  return error
}

test('data and a serial line are enough; the rest has defaults', (t) => {
  t.deepEqual(read(minimal), {
    data: '/var/lib/platen',
    runtime: '/run/platen',
    ipsec: { vici: 'unix:///var/run/charon.vici' },
    serial: { path: '/dev/ttyAMA0', baudRate: 115_200 },
    https: { address: '::', port: 443 },
    model: { name: 'Platen', maxKeys: 8, maxCaCertificates: 16 },
    log: { level: 'info' },
  })
})

test('the example that errors point to is a valid config', (t) => {
  t.is(read(readFileSync('systemd/board.example.yaml', 'utf8')).data, '/var/lib/platen')
})

test('relative paths start at the folder of the config file', (t) => {
  const config = read('data: data\nserial: {path: "unix:console"}\n')
  t.is(config.data, '/etc/platen/data')
  t.is(config.serial.path, 'unix:/etc/platen/console')
})

test('keys in clear go to /run/platen when nothing else is said; a path that a daemon could misread is refused', (t) => {
  t.is(read(`${minimal}runtime: run\n`).runtime, '/etc/platen/run')
  refused(t, `${minimal}runtime: '/run/a"b'\n`)
})

test('a misspelt setting is named with its line, and the right one is offered', (t) => {
  const error = refused(t, `${minimal}https:\n  adress: "::"\n`)
  t.is(error.message, '/etc/platen/board.yaml line 4 column 3: https.adress is no setting of a board')
  t.is(error.fix, 'Did you mean "address"?')
  t.like(error.facts, { path: 'https.adress', line: 4 })
})

test('a misspelt required setting is told as misspelt, not as missing', (t) => {
  const error = refused(t, 'date: /var/lib/platen\nserial: {path: /dev/ttyAMA0}\n')
  t.is(error.facts['path'], 'date')
  t.is(error.fix, 'Did you mean "data"?')
})

test('a setting that looks like nothing we have lists what is known in its place', (t) => {
  t.is(refused(t, `${minimal}log: {colour: red}\n`).fix, 'Known here: level.')
})

const faults: readonly (readonly [text: string, path: string, problem: RegExp])[] = [
  ['serial: {path: /dev/ttyAMA0}\n', 'data', /data is missing/],
  ['data: /d\n', 'serial', /serial is missing/],
  ['data: /d\nserial: /dev/ttyAMA0\n', 'serial', /serial must be a group of settings/],
  ['data: /d\nserial: {}\n', 'serial.path', /serial\.path is missing/],
  ['data: /d\nserial: {path: ttyAMA0}\n', 'serial.path', /must be a device/],
  ['data: /d\nserial: {path: "tcp://host"}\n', 'serial.path', /must be a device/],
  ['data: /d\nserial: {path: /dev/x, baudRate: fast}\n', 'serial.baudRate', /must be a number/],
  ['data: 5\nserial: {path: /dev/x}\n', 'data', /must be a path/],
  [`${minimal}https: {port: 70000}\n`, 'https.port', /must be at most 65535/],
  [`${minimal}https: {port: 44.3}\n`, 'https.port', /must be a whole number/],
  [`${minimal}https: {address: localhost}\n`, 'https.address', /must be an IP address/],
  [`${minimal}model: {maxKeys: 1}\n`, 'model.maxKeys', /must be at least 2/],
  [`${minimal}model: {maxCaCertificates: 0}\n`, 'model.maxCaCertificates', /must be at least 1/],
  [`${minimal}model: {name: ""}\n`, 'model.name', /must not be empty/],
  [`${minimal}log: {level: verbose}\n`, 'log.level', /must be one of debug, info, warn, error/],
]

for (const [text, path, problem] of faults) {
  test(`the first fault is named by its path: ${path} in ${JSON.stringify(text)}`, (t) => {
    const error = refused(t, text)
    t.is(error.facts['path'], path)
    t.regex(error.message, problem)
  })
}

test('what is no YAML, and what is empty, is told with what to start from', (t) => {
  for (const text of ['', '# nothing\n', 'data: [\n', 'data: /a\ndata: /b\n', '- a\n- b\n', 'just words', '\u0000', '"\\ud800"', '*a', '&a [*a]']) refused(t, text)
})

test('any text gives a config or our error, within a moment', (t) => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('data', 'serial', ':', ' ', '\n', '{', '}', '[', '-', '"', '&a', '*a', '5', '/x', 'path', '|', '!!'), { maxLength: 30 }).map((words) => words.join(''))), (text) => {
    try {
      read(text)
    } catch (error) {
      if (!(error instanceof PlatenError)) throw error
    }
  }))
  t.pass()
})

test('mqtt: a broker by TLS alone, names that topics can have, and a path from the folder of the config file', (t) => {
  const section = (changes: Readonly<Record<string, string>> = {}): string =>
    `${minimal}mqtt: ${JSON.stringify({ broker: 'mqtts://broker.example:8883', site: 'office', device: 'printer-1.example', trustAnchors: 'ca.pem', ...changes })}\n`
  t.is(read(section()).mqtt?.trustAnchors, '/etc/platen/ca.pem')
  t.is(read(minimal).mqtt, undefined)
  for (const broker of ['mqtts://[::1]:8883', 'mqtts://192.0.2.1', 'mqtts://broker']) t.is(read(section({ broker })).mqtt?.broker, broker)
  for (const broker of ['mqtt://broker', 'broker:8883', 'mqtts://broker:99999', 'mqtts://user@broker', 'mqtts://broker/path', 'mqtts://']) t.regex(refused(t, section({ broker })).message, /mqtt\.broker must be/, broker)
  for (const device of ['a/b', '+', '_r', '']) t.regex(refused(t, section({ device })).message, /mqtt\.device must be/)
})

const printer = { name: 'printer', keyFile: '/run/platen/printer.key', certificateFile: '/run/platen/printer.crt', probe: '127.0.0.1:631' }
const daemons = (...each: readonly object[]): string => `${minimal}tlsDaemons: ${JSON.stringify(each)}\n`

test('tlsDaemons: a name, two paths and where to reach it are enough; the rest has defaults', (t) => {
  t.is(read(minimal).tlsDaemons, undefined)
  t.deepEqual(read(daemons(printer)).tlsDaemons, [{ ...printer, mode: '0600', reloadTimeoutSeconds: 8, probeTimeoutSeconds: 10 }])
  const whole = { ...printer, owner: 'lp:ssl', mode: '0640', reload: ['systemctl', 'reload', 'printer'], reloadTimeoutSeconds: 3, probe: '[::1]:631', serverName: 'printer.example.com', probeTimeoutSeconds: 5 }
  t.deepEqual(read(daemons(whole)).tlsDaemons, [whole])
})

const wrongDaemons: readonly (readonly [changes: object, message: string])[] = [
  [{ name: 'My Printer' }, 'name must be 1 to 32 lower-case letters, digits and dashes'],
  [{ keyFile: 'printer.key' }, 'keyFile must be an absolute path of letters, digits, dots, dashes and underscores'],
  [{ certificateFile: printer.keyFile }, 'certificateFile must be a path that is used once'],
  [{ owner: 'lp ssl' }, 'owner must be "user", "user:group" or ":group"'],
  [{ mode: 640 }, 'mode must be "0400", "0440", "0600" or "0640", in quotes: nobody else may read a key'],
  [{ mode: '0644' }, 'mode must be "0400", "0440", "0600" or "0640", in quotes: nobody else may read a key'],
  [{ reload: 'systemctl reload printer' }, 'reload must be a list: the program and its arguments'],
  [{ reload: [] }, 'reload must name a program'],
  [{ reload: ['kill', 1] }, 'reload.1 must be a text; put numbers in quotes'],
  [{ reloadTimeoutSeconds: 9 }, 'reloadTimeoutSeconds must be at most 8'],
  [{ probe: '631' }, 'probe must be an address and a port, like "127.0.0.1:631", "[::1]:631" or "printer.example.com:631"'],
  [{ probe: '127.0.0.1:70000' }, 'probe must be an address and a port, like "127.0.0.1:631", "[::1]:631" or "printer.example.com:631"'],
  [{ probeTimeoutSeconds: 16 }, 'probeTimeoutSeconds must be at most 15'],
  [{ user: 'lp' }, 'user is no setting of a board'],
]
for (const [changes, message] of wrongDaemons) {
  test(`tlsDaemons: ${JSON.stringify(changes)} is refused with its place`, (t) => {
    t.is(refused(t, daemons({ ...printer, ...changes })).message, `/etc/platen/board.yaml line 3 column ${columnOf(changes)}: tlsDaemons.0.${message}`)
  })
}

function columnOf(changes: object): number {
  const text = daemons({ ...printer, ...changes }).split('\n')[2]!
  const [name, value] = Object.entries(changes)[0] as [string, unknown]
  return Array.isArray(value) && value.length > 1 ? text.indexOf('1]') + 1 : text.indexOf(`"${name}"`) + 1
}

test('tlsDaemons: no two have a name or a path in common', (t) => {
  const other = { ...printer, keyFile: '/run/platen/other.key', certificateFile: '/run/platen/other.crt' }
  t.regex(refused(t, daemons(printer, other)).message, /tlsDaemons\.1\.name must be a name that is used once/)
  t.regex(refused(t, daemons(printer, { ...other, name: 'other', keyFile: printer.certificateFile })).message, /tlsDaemons\.1\.keyFile must be a path that is used once/)
})
