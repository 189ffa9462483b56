import test from 'ava'
import { integerFrom } from '../../firmware/platform/index.js'
import type { VaryPlatform } from '../../rig/boards/index.js'
import { playSmall } from '../support/small-scenarios.js'

/** A board whose every draw of a range comes from these six bytes of its random source; other bytes stay as they are. */
const drawing = (...bytes: readonly number[]): VaryPlatform => (platform) => ({
  ...platform,
  random: { bytes: platform.random.bytes, integer: (low, high) => integerFrom(() => Uint8Array.from(bytes), low, high) },
})

const jitters = async (vary: VaryPlatform): Promise<readonly number[]> =>
  (await playSmall('jitter-uniform', { seed: 'edges', vary, samples: 3, boards: 3 })).jitterSamples ?? []

test('rig.md, verdict 1: the lowest draw of a board is a request exactly 1 s after the start, the highest one 600 s after it', async (t) => {
  t.deepEqual(await jitters(drawing(0, 0, 0, 0, 0, 0)), [1, 1, 1])
  t.deepEqual(await jitters(drawing(0, 0, 0, 0, 599 >> 8, 599 & 255)), [600, 600, 600])
  // The last draw that is not thrown away for fairness.
  const last = 2 ** 48 - 2 ** 48 % 600 - 1
  t.deepEqual(await jitters(drawing(...[40, 32, 24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256))), [600, 600, 600])
})
