import test from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import type { VaryPlatform } from '../../rig/boards/index.js'
import { checkScript, faultKinds, type FaultName, type FaultScript } from '../../rig/scep-server/index.js'
import { boardFaultNames, checkSchedule, drawBoardFault, drawFault, drawSchedule, shrink, soak, trial, type BoardFault, type BoardFaultName, type SoakFailure } from '../../rig/soak/index.js'
import { seeded } from '../../rig/verdicts/index.js'

test('every kind of fault can be drawn, with the options that it needs', (t) => {
  const draw = seeded('kinds')
  for (const name of Object.keys(faultKinds) as FaultName[]) {
    for (let round = 0; round < 20; round += 1) t.notThrows(() => checkScript({ faults: [drawFault(name, draw)] }), name)
  }
})

test.serial('the seed settles the schedule, and what the board says under it', async (t) => {
  t.deepEqual(drawSchedule(seeded('one')), drawSchedule(seeded('one')))
  t.notDeepEqual(drawSchedule(seeded('one')), drawSchedule(seeded('two')))
  const schedule = drawSchedule(seeded('one'))
  t.deepEqual(await trial(schedule, 'one'), await trial(schedule, 'one'))
})

test.serial('the firmware loses nothing and goes on, under a few schedules', async (t) => {
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

test.serial('a bug that only a pair of faults brings out is found, and the schedule shrinks to that pair', async (t) => {
  const drawn: FaultScript = {
    seed: 3,
    faults: [
      'unsorted-attributes', { fault: 'http-status', status: 503, first: 1 }, 'no-certs', { fault: 'empty-caps', after: 1 },
    ],
  }
  const fails = async (script: FaultScript): Promise<boolean> => {
    try {
      return (await trial(script, 'pair', planted())).failure?.name === 'stuck'
    } catch (error) {
      if (error instanceof PlatenError && error.code === 'config-invalid') return false
      throw error
    }
  }
  t.true(await fails(drawn))
  const smallest = await shrink(drawn, fails)
  t.deepEqual(smallest.faults.map((fault) => (typeof fault === 'string' ? fault : fault.fault)), ['http-status', 'empty-caps'])
  for (const fault of smallest.faults) t.false(await fails({ ...smallest, faults: smallest.faults.filter((other) => other !== fault) }))
  t.is((await trial(smallest, 'pair')).failure, undefined, 'firmware without the bug lives through it')
})

test.serial('a soak over firmware with a bug ends with the smallest schedule, the seed of its trial, and the failure', async (t) => {
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
  t.is([...found!.smallest.faults, ...found!.smallest.board ?? []].length, 1)
  const again = await trial(found!.smallest, found!.seed, stuckAfterReset)
  t.is(again.failure?.name, found!.failure.name)
})

test('every fault of a board can be drawn, and one that is none is refused with its place', (t) => {
  const draw = seeded('board')
  for (const name of boardFaultNames) {
    for (let times = 0; times < 20; times += 1) t.notThrows(() => checkSchedule({ faults: [], board: [drawBoardFault(name, draw)] }), name)
  }
  const wrong = t.throws(() => checkSchedule({ faults: [], board: [{ fault: 'disk-full', round: 4, after: 1, changes: 1 }] }), { instanceOf: PlatenError })
  t.regex(wrong.message, /board\.0\.round/)
})

/** A seed by which no power cuts come but those of the schedule. */
const quiet = 'quiet-0'

type Ports = Parameters<VaryPlatform>[0]

/** A port with some of its calls replaced. */
const changed = <Port extends object>(port: Port, calls: Partial<Port>): Port => new Proxy(port, {
  get: (target, name) => {
    const member: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name)
    return typeof member === 'function' ? (...given: readonly unknown[]): unknown => Reflect.apply(member, target, given) : member
  },
})

/** Firmware with one mistake, for each kind of fault of a board. */
const mistakes: { readonly [Name in BoardFaultName]: { readonly fault: BoardFault; readonly ends: SoakFailure['name']; readonly vary: () => (ports: Ports) => Ports } } = {
  'power-cut': {
    // The key store never syncs: what was acknowledged is gone.
    fault: { fault: 'power-cut', round: 3, after: 8 }, ends: 'lost-key',
    vary: () => (ports) => {
      const unless = (sync: (path: string) => Promise<void>) => (path: string): Promise<void> => (path.includes('/keys') ? Promise.resolve() : sync(path))
      return { ...ports, disk: changed(ports.disk, { syncFile: unless((path) => ports.disk.syncFile(path)), syncDirectory: unless((path) => ports.disk.syncDirectory(path)) }) }
    },
  },
  'disk-full': {
    // After the first refusal nothing is written any more.
    fault: { fault: 'disk-full', round: 1, after: 2, changes: 3 }, ends: 'unknown-state',
    vary: () => {
      let refusal: unknown
      return (ports) => ({ ...ports, disk: changed(ports.disk, { create: (path, bytes) => (refusal === undefined ? ports.disk.create(path, bytes) : Promise.reject(refusal as Error)).catch((error: unknown) => {
        refusal = error
        throw error
      }) }) })
    },
  },
  'serial-noise': {
    // A byte that no keyboard sends stops the reader.
    fault: { fault: 'serial-noise', round: 1, rate: 0.4 }, ends: 'stuck',
    vary: () => (ports) => ({ ...ports, serial: { open: async (...at) => {
      const line = await ports.serial.open(...at)
      line.on('data', (bytes: Uint8Array) => {
        if (bytes.some((byte) => byte >= 0x80)) line.pause()
      })
      return line
    } } }),
  },
  'broker-kick': {
    // A connection that is lost is never made again.
    fault: { fault: 'broker-kick', round: 1 }, ends: 'deaf',
    vary: () => {
      let connected = false
      return (ports) => ({ ...ports, mqtt: { connect: async (options) => {
        if (connected) await new Promise(() => undefined)
        connected = true
        return await ports.mqtt.connect(options)
      } } })
    },
  },
  'broker-away': {
    // A broker that was away once is given up.
    fault: { fault: 'broker-away', round: 1 }, ends: 'deaf',
    vary: () => {
      let away = false
      return (ports) => ({ ...ports, mqtt: { connect: async (options) => {
        if (away) throw new PlatenError('connect-failed', 'given up')
        return await ports.mqtt.connect(options).catch((error: unknown) => {
          away = true
          throw error
        })
      } } })
    },
  },
  'broker-half-open': {
    // No keep-alive: what gets lost is waited for for ever.
    fault: { fault: 'broker-half-open', round: 1 }, ends: 'deaf',
    vary: () => (ports) => ({ ...ports, mqtt: { connect: async (options) => {
      const link = await ports.mqtt.connect(options)
      return { ...link, closed: new Promise(() => undefined), publish: (publication) => link.publish(publication).catch(() => new Promise(() => undefined)) }
    } } }),
  },
  'clock-step': {
    // Time that has gone on never goes back.
    fault: { fault: 'clock-step', round: 1, hours: 87_600 }, ends: 'stuck',
    vary: () => (ports) => {
      let latest = 0
      return { ...ports, clock: changed(ports.clock, { wall: () => (latest = Math.max(latest, ports.clock.wall())) }) }
    },
  },
  'clock-unset': {
    // A clock that was lost once is never believed again.
    fault: { fault: 'clock-unset', round: 1 }, ends: 'unknown-state',
    vary: () => {
      let lost = false
      return (ports) => ({ ...ports, clock: changed(ports.clock, { state: () => {
        lost ||= ports.clock.state() === 'unset'
        return lost ? 'unset' : ports.clock.state()
      } }) })
    },
  },
}

for (const name of boardFaultNames) {
  const { fault, ends, vary } = mistakes[name]
  test.serial(`${name}: the firmware lives through it, and one with the fitting mistake is found out`, async (t) => {
    const schedule = { faults: [], board: [fault] }
    t.is((await trial(schedule, quiet)).failure, undefined)
    t.is((await trial(schedule, quiet, vary())).failure?.name, ends)
  })
}

test.serial('a fault of the board is left when a schedule shrinks to it', async (t) => {
  const { fault, vary } = mistakes['disk-full']
  const drawn = { seed: 3, faults: ['unsorted-attributes', 'ber'] as const, board: [drawBoardFault('broker-kick', seeded('a')), fault] }
  const smallest = await shrink(drawn, async (smaller) => (await trial(smaller, quiet, vary())).failure?.name === 'unknown-state')
  t.deepEqual([smallest.faults, smallest.board], [[], [fault]])
})
