/**
 * A process that works on a key store, for killing it: `node key-store-program.js <directory> prepare|work|hold`. Each line
 * it prints is an acknowledgement: what had returned by then must outlive it.
 */
import { writeSync } from 'node:fs'
import { KeyStore } from '../../firmware/key-store/index.js'
import { LinuxDisk } from '../../firmware/platform/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { certificateFor, countedRandom, register, storeOptions } from './key-store-fixture.js'

const [directory = '', phase = ''] = process.argv.slice(2)
const { two, three, four } = fixtureKeys

/** Synchronous, so that the line is out before the next call begins. */
const acknowledge = (what: string): void => void writeSync(1, `${what}\n`)

const store = await KeyStore.open(storeOptions(new LinuxDisk(), { directory, random: countedRandom(phase), compactFrom: 6000 }))
if (phase === 'hold') {
  acknowledge('opened')
  process.stdin.resume()
  await new Promise((resolve) => process.stdin.once('end', resolve))
} else if (phase === 'prepare') {
  await register(store, 'A', two, { assign: 'tls' })
} else {
  acknowledge('opened')
  const { id } = await store.put(await store.reserve('B'), three)
  acknowledge('put')
  await store.complete(id, { chain: [certificateFor(three, 'B')], assign: 'ieee-802-1x' })
  acknowledge('registered')
  const slot = await store.reserve('C')
  await store.complete((await store.put(slot, four)).id, { chain: [certificateFor(four, 'C')], assign: 'tls', replaces: store.find('A')!.id })
  acknowledge('replaced')
  await store.assign('ipsec:office', store.find('C')!.id)
  acknowledge('assigned')
  await store.assign('ieee-802-1x', undefined)
  acknowledge('released')
  await store.delete(id)
  acknowledge('deleted')
}
await store.close()
