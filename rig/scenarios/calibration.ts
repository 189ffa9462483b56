import { milliseconds, seconds, type Clock, type Timer } from '../../protocol/time.js'
import type { HttpHandler, RigPlatform } from '../platform/index.js'
import { calibrated, type WitnessFacts } from '../verdicts/index.js'

const exchanges = 60

/** Timers and stamps are good to a millisecond. */
const quantum = 1

/** What a time server may slew the wall time by, against which starts are set. */
const driftRatio = 500e-6

/**
 * How late the SCEP server's stamps are on this machine, now: from the call that sends a request over loopback to the
 * stamp of its first byte. Measured before a run, because it depends on what else the machine does.
 */
export async function calibrateWitness(platform: WitnessPlatform): Promise<WitnessFacts> {
  const gauge = await Gauge.open(platform)
  for (let count = 0; count < exchanges; count += 1) {
    await new Promise<void>((resolve) => void platform.clock.after('rig: calibration', milliseconds(2), resolve))
    await gauge.measure()
  }
  await gauge.close()
  return gauge.facts
}

type WitnessPlatform = Pick<RigPlatform, 'clock' | 'http' | 'listenHttp'>

/** A listener of its own, and how late it is each time that it is asked. */
class Gauge {
  readonly #platform: WitnessPlatform
  readonly #latencies: number[] = []
  #stamp = 0
  #listening: Awaited<ReturnType<RigPlatform['listenHttp']>> | undefined

  private constructor(platform: WitnessPlatform) {
    this.#platform = platform
  }

  static async open(platform: WitnessPlatform): Promise<Gauge> {
    const gauge = new Gauge(platform)
    const handler: HttpHandler = {
      answer: ({ stamps: { firstByte } }) => {
        gauge.#stamp = firstByte
        return Promise.resolve({ kind: 'reply', status: 200, headers: {}, body: new Uint8Array() })
      },
      sent: () => undefined,
    }
    gauge.#listening = await platform.listenHttp({ address: '127.0.0.1', port: 0, clock: platform.clock, limit: 1024, handler })
    return gauge
  }

  get facts(): WitnessFacts {
    return calibrated(this.#latencies, quantum, driftRatio)
  }

  async measure(): Promise<void> {
    const { clock, http } = this.#platform
    const from = clock.monotonic()
    await http.exchange({ method: 'GET', url: new URL(`http://127.0.0.1:${this.#listening?.port ?? 0}/`), timeout: seconds(10), limit: 1024 })
    this.#latencies.push(this.#stamp - from)
  }

  async close(): Promise<void> {
    await this.#listening?.close()
  }
}

const betweenMeasures = milliseconds(250)

/** The same for as long as a scenario takes: boards that work at the same time make the machine later. */
export class WitnessWatch {
  readonly #clock: Clock
  readonly #gauge: Gauge
  #next: Timer | undefined
  #measuring: Promise<void> = Promise.resolve()

  private constructor(clock: Clock, gauge: Gauge) {
    this.#clock = clock
    this.#gauge = gauge
  }

  static async begin(platform: WitnessPlatform): Promise<WitnessWatch> {
    const gauge = await Gauge.open(platform)
    for (let count = 0; count < exchanges; count += 1) await gauge.measure()
    const watch = new WitnessWatch(platform.clock, gauge)
    watch.#wait()
    return watch
  }

  get facts(): WitnessFacts {
    return this.#gauge.facts
  }

  async end(): Promise<void> {
    this.#next?.cancel()
    await this.#measuring
    this.#next?.cancel()
    await this.#gauge.close()
  }

  #wait(): void {
    this.#next = this.#clock.after('rig: calibration', betweenMeasures, () => {
      // One that fails says nothing about lateness.
      this.#measuring = this.#gauge.measure().catch(() => undefined).then(() => this.#wait())
    })
  }
}
