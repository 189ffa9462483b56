import { milliseconds, seconds } from '../../protocol/time.js'
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
export async function calibrateWitness({ clock, http, listenHttp }: Pick<RigPlatform, 'clock' | 'http' | 'listenHttp'>): Promise<WitnessFacts> {
  const stamps: number[] = []
  const handler: HttpHandler = {
    answer: ({ stamps: { firstByte } }) => {
      stamps.push(firstByte)
      return Promise.resolve({ kind: 'reply', status: 200, headers: {}, body: new Uint8Array() })
    },
    sent: () => undefined,
  }
  const listening = await listenHttp({ address: '127.0.0.1', port: 0, clock, limit: 1024, handler })
  const latencies: number[] = []
  for (let count = 0; count < exchanges; count += 1) {
    await new Promise<void>((resolve) => void clock.after('rig: calibration', milliseconds(2), resolve))
    const from = clock.monotonic()
    await http.exchange({ method: 'GET', url: new URL(`http://127.0.0.1:${listening.port}/`), timeout: seconds(10), limit: 1024 })
    latencies.push((stamps.at(-1) ?? from) - from)
  }
  await listening.close()
  return calibrated(latencies, quantum, driftRatio)
}
