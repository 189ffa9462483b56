import { X509Certificate, createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { KeyEntry } from '../../firmware/key-store/index.js'
import { LinuxDisk, linuxRuntimeFiles } from '../../firmware/platform/index.js'
import { fingerprint } from '../../protocol/scep/index.js'
import { certificatesOfPem } from '../../protocol/pem.js'
import { milliseconds } from '../../protocol/time.js'
import { TlsBench, type FakeTlsDaemon } from '../support/fake-tls-daemons.js'

/** A process that is killed after so many operations: nothing that it asks for later happens, and nothing answers. */
function killedAfter<Port extends object>(port: Port, life: { left: number }, onDeath: () => void): Port {
  return new Proxy(port, {
    get: (target, name) => (...args: unknown[]) => {
      if (life.left === 0) onDeath()
      if (life.left === 0) return new Promise(() => undefined)
      life.left -= 1
      return (Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>).apply(target, args)
    },
  })
}

/** What a daemon finds that reads its files now: the fingerprint of a pair that belongs together, or nothing. */
function found({ declaration: { keyFile, certificateFile } }: FakeTlsDaemon): string | undefined {
  if (!existsSync(keyFile) || !existsSync(certificateFile)) return undefined
  const [leaf] = certificatesOfPem(readFileSync(certificateFile, 'utf8'))
  if (!new X509Certificate(leaf!).publicKey.equals(createPublicKey(readFileSync(keyFile)))) return 'a key and a certificate that do not belong together'
  return fingerprint(leaf!)
}

/** Time goes on while the machine works: what was killed would hold it up for ever. */
async function passing<Result>(bench: TlsBench, work: Promise<Result>): Promise<Result> {
  const state = { over: false }
  void work.then(() => (state.over = true))
  while (!state.over) await bench.clock.advance(milliseconds(50))
  return work
}

const leafOf = ({ chain }: KeyEntry): string => fingerprint(chain[0]!)

test('killed after any operation of a swap: a daemon finds one whole pair, and the next start puts the key of the store in place', async (t) => {
  let cuts = 0
  for (let operations = 0; ; operations += 1) {
    const bench = TlsBench.make(t, 'nginx')
    const [daemon] = bench.daemons
    const before = bench.consumers()
    await bench.passing(before.apply(bench.first))
    await bench.passing(before.probe(false))
    const life = { left: operations }
    let died = (): void => undefined
    const death = new Promise<'killed'>((resolve) => (died = () => resolve('killed')))
    const dying = bench.consumers({ disk: killedAfter(new LinuxDisk(), life, () => died()), files: killedAfter(linuxRuntimeFiles, life, () => died()) }, { tracked: false })
    const swap = (async () => {
      await dying.apply(bench.first)
      await dying.probe(false)
      await dying.apply(bench.second)
      await dying.probe()
      return 'whole'
    })()
    const end = await passing(bench, Promise.race([swap, death]))
    t.true([leafOf(bench.first), leafOf(bench.second)].includes(found(daemon!) ?? ''), `after ${operations} operations: ${found(daemon!)}`)

    const stored = operations % 2 === 0 ? bench.first : bench.second
    const next = bench.consumers()
    await bench.passing(next.apply(stored))
    await bench.passing(next.probe())
    t.is(found(daemon!), leafOf(stored))
    t.is(fingerprint(daemon!.shown[0]!), leafOf(stored))
    t.is(readdirSync(join(bench.directory, 'nginx')).length, 2, 'one pair, and the link to it')
    if (end === 'whole') break
    cuts += 1
  }
  t.log(`${cuts} cuts`)
  t.true(cuts > 20)
})

test('after a power cut nothing is left in memory, and the start writes it again from the store', async (t) => {
  const bench = TlsBench.make(t, 'nginx')
  t.is(found(bench.daemons[0]!), undefined)
  const consumers = bench.consumers()
  await bench.passing(consumers.apply(bench.second))
  await bench.passing(consumers.probe())
  t.is(found(bench.daemons[0]!), leafOf(bench.second))
})
