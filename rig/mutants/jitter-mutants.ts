import { integerFrom, readJson, replaceJson, type Disk, type Random } from '../../firmware/platform/index.js'
import { seededRandom, type VaryPlatform } from '../boards/index.js'
import { jitterRange } from '../verdicts/index.js'
import type { Mutant } from './mutant.js'

/** Draws of the jitter are told from others by their range. */
function jitterDraws(change: (random: Random, boot: Parameters<VaryPlatform>[1], wall: () => number) => (low: number, high: number) => number): VaryPlatform {
  return (platform, boot) => {
    const { random, clock } = platform
    const drawn = change(random, boot, () => clock.wall())
    return {
      ...platform,
      random: { bytes: random.bytes, integer: (low, high) => (low === jitterRange.low && high === jitterRange.high ? drawn(low, high) : random.integer(low, high)) },
    }
  }
}

const requests = '/data/issuance.json'

/** Changes what is stored of the jitter before the firmware reads it for the first time after a start. */
function redrawn(disk: Disk, random: Random): Disk {
  let first = true
  return new Proxy(disk, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (name !== 'read') return typeof member === 'function' ? (...given: readonly unknown[]): unknown => Reflect.apply(member, target, given) : member
      return async (path: string, limit: number) => {
        if (path === requests && first) {
          first = false
          const stored = await readJson(disk, path) as { readonly schedule?: { readonly start?: { readonly jitterSeconds: number } } }
          const start = stored.schedule?.start
          if (start !== undefined) {
            const jitterSeconds = random.integer(jitterRange.low, jitterRange.high)
            await replaceJson(disk, path, { ...stored, schedule: { ...stored.schedule, start: { ...start, jitterSeconds } } })
          }
        }
        return disk.read(path, limit)
      }
    },
  })
}

export const jitterMutants: readonly Mutant[] = [
  {
    name: 'constant', flaw: 'the jitter is always 300 s', scenario: 'jitter-uniform', verdict: 'jitter shape, KS',
    vary: jitterDraws(() => () => 300),
  },
  {
    name: 'truncated at 540', flaw: 'the jitter ends at 540 s instead of 600', scenario: 'jitter-uniform', verdict: 'jitter shape, chi-squared',
    vary: jitterDraws((random) => (low) => random.integer(low, 540)),
  },
  {
    name: 'shifted by 600', flaw: 'the jitter lies between 601 s and 1200 s', scenario: 'jitter-uniform', verdict: 'jitter in range',
    vary: jitterDraws((random) => (low, high) => random.integer(low, high) + jitterRange.high),
  },
  {
    name: 'seed from boot time', flaw: 'draws follow from the wall time at boot, so boards that were switched on together share them', scenario: 'jitter-uniform', verdict: 'boards do not share draws',
    vary: jitterDraws((_random, _boot, wall) => {
      const { bytes } = seededRandom(`boot at ${wall()}`)
      return (low, high) => integerFrom(bytes, low, high)
    }),
  },
  {
    name: 'redraw at boot', flaw: 'each start of the board draws the jitter anew', scenario: 'jitter-kept', verdict: 'jitter kept across a reboot',
    vary: (platform, { count }) => (count === 1 ? platform : { ...platform, disk: redrawn(platform.disk, platform.random) }),
  },
]
