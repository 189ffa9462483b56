import test from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import type { VaryPlatform } from '../../rig/boards/index.js'
import { checkScript, faultKinds, type FaultName, type FaultScript } from '../../rig/scep-server/index.js'
import { drawFault, drawSchedule, shrink, soak, trial } from '../../rig/soak/index.js'
import { seeded } from '../../rig/verdicts/index.js'

test('every kind of fault can be drawn, with the options that it needs', (t) => {
  const draw = seeded('kinds')
  for (const name of Object.keys(faultKinds) as FaultName[]) {
    for (let round = 0; round < 20; round += 1) t.notThrows(() => checkScript({ faults: [drawFault(name, draw)] }), name)
  }
})

test('the seed settles the schedule, and what the board says under it', async (t) => {
  t.deepEqual(drawSchedule(seeded('one')), drawSchedule(seeded('one')))
  t.notDeepEqual(drawSchedule(seeded('one')), drawSchedule(seeded('two')))
  const script = checkScript(drawSchedule(seeded('one')))
  t.deepEqual(await trial(script, 'one'), await trial(script, 'one'))
})

test('the firmware loses nothing and goes on, under a few schedules', async (t) => {
  const { trials, found } = await soak({ seed: 'fast', goesOn: (done) => done < 4 })
  t.deepEqual([trials, found], [4, undefined])
})

/** Firmware that breaks for good once it has met the two, in this order: a connection that is never given back. */
function planted(): VaryPlatform {
  const met = { unavailable: false, nothingStated: false }
  return (platform) => ({
    ...platform,
    http: {
      exchange: async (request) => {
        if (met.nothingStated) throw new PlatenError('connect-failed', 'no connection is left')
        const response = await platform.http.exchange(request)
        met.unavailable ||= response.status === 503
        met.nothingStated = met.unavailable && request.url.search.includes('GetCACaps') && response.body.length === 0
        return response
      },
    },
  })
}

test('a bug that only a pair of faults brings out is found, and the schedule shrinks to that pair', async (t) => {
  const drawn: FaultScript = {
    seed: 3,
    faults: [
      'unsorted-attributes', { fault: 'http-status', status: 503, first: 1 }, 'no-certs', { fault: 'empty-caps', after: 1 },
    ],
  }
  const fails = async (script: FaultScript): Promise<boolean> => {
    try {
      return (await trial(checkScript(script), 'pair', planted())).failure?.name === 'stuck'
    } catch (error) {
      if (error instanceof PlatenError && error.code === 'config-invalid') return false
      throw error
    }
  }
  t.true(await fails(drawn))
  const smallest = await shrink(drawn, fails)
  t.deepEqual(smallest.faults.map((fault) => (typeof fault === 'string' ? fault : fault.fault)), ['http-status', 'empty-caps'])
  for (const fault of smallest.faults) t.false(await fails({ ...smallest, faults: smallest.faults.filter((other) => other !== fault) }))
  t.is((await trial(checkScript(smallest), 'pair')).failure, undefined, 'firmware without the bug lives through it')
})

test('a soak over firmware with a bug ends with the smallest schedule, the seed of its trial, and the failure', async (t) => {
  const stuckAfterReset: VaryPlatform = (platform) => {
    let stuck = false
    return {
      ...platform,
      http: {
        exchange: async (request) => {
          if (stuck) throw new PlatenError('internal', 'the socket was never closed')
          return await platform.http.exchange(request).catch((error: unknown) => {
            stuck = true
            throw error
          })
        },
      },
    }
  }
  const { found } = await soak({ seed: 'bug', goesOn: (done) => done < 30, vary: stuckAfterReset })
  t.is(found?.smallest.faults.length, 1)
  const again = await trial(checkScript(found!.smallest), found!.seed, stuckAfterReset)
  t.is(again.failure?.name, found!.failure.name)
})
