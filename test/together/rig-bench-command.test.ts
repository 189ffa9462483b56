import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import { minutes } from '../../protocol/time.js'
import { BrokenBoards, Leases } from '../../rig/bench/index.js'
import { runCommandLine } from '../../rig/cli/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { rigServer } from '../support/rig-server.js'

const platform = linuxPlatform()

function benchIn(t: ExecutionContext, text: string): { readonly directory: string; readonly rig: (...words: readonly string[]) => Promise<{ readonly code: number; readonly said: string }> } {
  const directory = mkdtempSync(join(tmpdir(), 'platen-bench-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'bench.yaml'), text)
  return {
    directory,
    rig: async (verb = '', ...words) => {
      const said: string[] = []
      const say = (line: string): void => void said.push(line)
      const code = await runCommandLine(platform, ['bench', verb, ...words, '--bench', join(directory, 'bench.yaml')], { write: say, complain: say })
      return { code, said: said.join('\n') }
    },
  }
}

test('bench check says of each part whether it is there, what is missing and how to get it, and ends with 3', async (t) => {
  const port = await platform.network.freeTcpPort()
  const { rig } = benchIn(t, `boards: {soft: process, far: "unix:nowhere"}\nbroker: mqtt://127.0.0.1:${port}\nscep: {url: "http://127.0.0.1:${port}/scep", fingerprint: ${'ab'.repeat(32)}}\n`)
  const { code, said } = await rig('check')
  t.is(code, 3)
  t.regex(said, /^✓ board soft: /mu)
  t.regex(said, /^✗ board far: cannot open the serial line unix:\/.*nowhere: .*\[connect-failed\]\n {4}\S/mu)
  t.regex(said, /^✗ SCEP server: .*\[connect-failed\]/mu)
  t.regex(said, /^✗ broker: .* cannot be reached \[connect-failed\]\n {4}\S/mu)
  t.regex(said, /3 of 4 parts are not as they should be$/u)
})

test('a bench that is complete ends with 0, and shows the fingerprint of the CA that it was told to expect', async (t) => {
  const { server } = await rigServer(t)
  const url = `http://127.0.0.1:${server.port}/scep`
  const { rig } = benchIn(t, `boards: {soft: process}\nscep: {url: "${url}", fingerprint: ${server.fingerprint}}\nbroker: mqtt://127.0.0.1:${server.port}\n`)
  const { code, said } = await rig('check')
  t.is(code, 0, said)
  t.true(said.includes(`CA fingerprint ${server.fingerprint}`))
  const other = benchIn(t, `boards: {soft: process}\nscep: {url: "${url}", fingerprint: ${'ab'.repeat(32)}}\n`)
  t.like(await other.rig('check'), { code: 3 })
  t.regex((await other.rig('check')).said, /\[ca-mismatch\]/)
})

test('bench list shows who has a board and which is broken; mend frees it; a broken or leased board is not tried', async (t) => {
  const { rig, directory } = benchIn(t, 'boards: {one: process, two: process, three: process}\n')
  const state = join(directory, '.bench')
  const lease = await new Leases(platform, state).take('one', { run: 'abcd', duration: minutes(2) })
  t.teardown(() => lease.release())
  await new BrokenBoards(platform, state).mark('two', 'r1', new PlatenError('timed-out', 'the console fell silent'))
  const { said } = await rig('list')
  t.regex(said, /^one {2}process {2}in use by run abcd/mu)
  t.regex(said, /^two {2}process {2}broken in run r1 at \S+: the console fell silent \[timed-out\]$/mu)
  t.regex(said, /^three {2}process {2}free$/mu)
  t.like(await rig('try', 'one'), { code: 3 })
  t.regex((await rig('try', 'three', 'two')).said, /broke in run r1.*\[board-broken\]\n.*bench mend two/u)
  t.regex((await rig('list')).said, /^three {2}process {2}free$/mu, 'all or none: what was leased for a run that cannot start is given back')
  t.regex((await rig('mend', 'two')).said, /two is free again/)
  t.regex((await rig('list')).said, /^two {2}process {2}free$/mu)
})

test('a bench command that cannot be understood or wants a fault that the bench does not allow, ends with 2', async (t) => {
  const { rig } = benchIn(t, 'boards: {one: process}\n')
  t.like(await rig('chek'), { code: 2 })
  t.like(await rig('mend'), { code: 2 })
  t.like(await rig('mend', 'nobody'), { code: 2 })
  t.is(await runCommandLine(platform, ['bench', 'check', '--bench', '/nowhere/bench.yaml'], { write: () => undefined, complain: () => undefined }), 2)
  const { code, said } = await rig('try', '--cut-power')
  t.is(code, 2)
  t.regex(said, /does not allow the fault power-cut/)
})
