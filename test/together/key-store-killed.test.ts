import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ava, { type ExecutionContext } from 'ava'
import { KeyStore } from '../../firmware/key-store/index.js'
import { LinuxDisk } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { countedRandom, isWhole, storeOptions } from '../support/key-store-fixture.js'
import { part } from '../support/parts.js'

const strace = part('strace')
const program = 'build/test/support/key-store-program.js'

/** One thread for file work, because strace counts calls per thread. */
const environment = { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '' }

/** What each acknowledgement promises: the keys with their uses, in the words of `found`. */
const promised: Readonly<Record<string, string>> = {
  opened: 'Default Key=;A=tls',
  put: 'Default Key=;A=tls;B pending',
  registered: 'Default Key=;A=tls;B=ieee-802-1x',
  replacing: 'Default Key=;A=tls;B=ieee-802-1x;C pending',
  replaced: 'Default Key=;B=ieee-802-1x;C=tls',
  assigned: 'Default Key=;B=ieee-802-1x;C=tls ipsec:office',
  released: 'Default Key=;B=;C=tls ipsec:office',
  deleted: 'Default Key=;C=tls ipsec:office',
}
/** Each state is followed by the next; `replacing` is never acknowledged, only passed through. */
const order = Object.keys(promised)

interface Run {
  readonly killed: boolean
  /** The last acknowledgement that came out. */
  readonly last: string | undefined
}

/** Runs the program and kills it as its `count`-th call of `call` enters the kernel. */
function run(directory: string, call: string, count: number): Run {
  const child = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${count}`, process.execPath, program, directory, 'work'], { env: environment, encoding: 'utf8' })
  return { killed: child.signal === 'SIGKILL' || child.status === 137, last: child.stdout.trim().split('\n').filter((line) => line !== '').at(-1) }
}

async function found(t: ExecutionContext, directory: string): Promise<string> {
  const store = await KeyStore.open(storeOptions(new LinuxDisk(), { directory, random: countedRandom('after') }))
  t.deepEqual(store.problems(), [])
  t.is(store.keyFor('tls')?.state, 'ready')
  for (const entry of store.entries()) if (entry.state === 'ready') t.true(isWhole(store, entry), entry.name)
  const words = store.entries().map(({ name, state, uses }) => (state === 'pending' ? `${name} pending` : `${name}=${uses.join(' ')}`)).join(';')
  await store.assign('ipsec:after', store.entries()[0]!.id)
  await store.close()
  return words
}

strace.test('device.md 6: a process killed at any sync, rename, removal or new directory leaves a store that keeps every promise', async (t) => {
  t.timeout(180_000)
  const base = mkdtempSync(join(tmpdir(), 'platen-killed-'))
  t.teardown(() => rmSync(base, { recursive: true }))
  const prepared = join(base, 'prepared')
  mkdirSync(prepared)
  t.is(spawnSync(process.execPath, [program, prepared, 'prepare'], { env: environment }).status, 0)
  const points: string[] = []
  let total = 0
  for (const call of ['fsync', 'fdatasync', 'rename', 'mkdir', 'unlink', 'rmdir']) {
    let count = 1
    for (; ; count += 1) {
      const directory = join(base, `${call}-${count}`)
      cpSync(prepared, directory, { recursive: true })
      const { killed, last } = run(directory, call, count)
      const words = await found(t, directory)
      rmSync(directory, { recursive: true })
      const acknowledged = last === undefined ? 0 : order.indexOf(last)
      if (!killed) {
        t.is(last, 'deleted', `${call} ${count}: the program did not end well`)
        break
      }
      const reach = order[acknowledged + 1] === 'replacing' ? 3 : 2
      const allowed = order.slice(acknowledged, acknowledged + reach).map((name) => promised[name])
      t.true(allowed.includes(words), `${call} ${count}, after ${String(last)}: ${words}`)
    }
    points.push(`${call} ${count - 1}`)
    total += count - 1
  }
  t.log(`killed at ${total} points: ${points.join(', ')}`)
  t.true(total >= 25 && points.every((point) => !point.endsWith(' 0')), 'every kind of call was met')
  t.deepEqual(readdirSync(base), ['prepared'])
})

ava.serial('a second process on the same data directory is refused with what to do; a killed one leaves no lock behind', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'platen-held-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const options = storeOptions(new LinuxDisk(), { directory, random: countedRandom('second') })
  const holder = spawn(process.execPath, [program, directory, 'hold'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  const error = await t.throwsAsync<PlatenError>(KeyStore.open(options), { instanceOf: PlatenError, code: 'store-locked' })
  t.regex(error.fix, /^Stop the other board/)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const store = await KeyStore.open(options)
  t.is(store.entries().length, 1)
  await store.close()
})
