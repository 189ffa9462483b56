import { PlatenError } from '../../protocol/errors.js'
import { milliseconds } from '../../protocol/time.js'
import type { RigPlatform, RunningProcess } from '../platform/index.js'

/** Between two tries. */
const again = milliseconds(50)
const mostTries = 400

/** Waits until a program takes connections on a port of this machine. @throws connect-failed when it ends before, or takes none for 20 s */
export async function untilConnectable({ clock, lines }: Pick<RigPlatform, 'clock' | 'lines'>, port: number, running: Pick<RunningProcess, 'exited'>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const stream = await lines.open(`tcp://127.0.0.1:${port}`).catch(() => undefined)
    if (stream !== undefined) {
      stream.destroy()
      return
    }
    const ended = await Promise.race([running.exited, new Promise<undefined>((resolve) => clock.after('connect again', again, () => resolve(undefined)))])
    if (ended !== undefined) throw new PlatenError('connect-failed', `it ended with ${ended.code ?? ended.signal ?? 'nothing'}`)
    if (tries === mostTries) throw new PlatenError('connect-failed', `nobody listens on port ${port}`)
  }
}
