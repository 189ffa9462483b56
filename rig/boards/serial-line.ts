import type { Duplex } from 'node:stream'
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'

/** A serial line with two ends: the board opens one, the rig or a person's terminal the other. */
export interface SerialLine {
  /** What the board's configuration names as its serial path. */
  readonly boardPath: string
  /** What a terminal opens. */
  readonly hostPath: string
  readonly form: 'pty' | 'unix'
  close(): Promise<void>
}

/** A pty pair where there is socat, else a Unix socket that carries the same bytes. */
export async function createSerialLine(platform: RigPlatform, directory: string): Promise<SerialLine> {
  return await platform.processes.has('socat') ? createPty(platform, directory) : createSocketLine(platform, directory)
}

async function createPty({ clock, processes }: RigPlatform, directory: string): Promise<SerialLine> {
  const boardPath = `${directory}/board-tty`
  const hostPath = `${directory}/host-tty`
  let sawPair = (): void => undefined
  const paired = new Promise<void>((resolve) => (sawPair = resolve))
  const socat = await processes.start('socat', ['-d', '-d', `pty,rawer,link=${boardPath}`, `pty,rawer,link=${hostPath}`], {
    // socat says so when both terminals exist.
    onLine: (line) => {
      if (line.includes('starting data transfer loop')) sawPair()
    },
  })
  const close = async (): Promise<void> => {
    socat.signal('SIGTERM')
    await socat.exited
  }
  const timer = clock.after('socat-start', seconds(10), () => socat.signal('SIGKILL'))
  const ended = await Promise.race([paired, socat.exited])
  timer.cancel()
  if (ended !== undefined) throw new PlatenError('connect-failed', 'socat ended before it made a pty pair, or made none within 10 s')
  return { boardPath, hostPath, form: 'pty', close }
}

/** Two listening sockets; whoever is connected to the one talks with whoever is connected to the other. */
async function createSocketLine({ lines }: RigPlatform, directory: string): Promise<SerialLine> {
  const ends: Record<'board' | 'host', Duplex | undefined> = { board: undefined, host: undefined }
  const listen = (end: 'board' | 'host', other: 'board' | 'host'): Promise<{ close(): Promise<void> }> =>
    lines.listen(`${directory}/${end}.sock`, (stream) => {
      ends[end]?.destroy()
      ends[end] = stream
      // A UART has no back pressure: what nobody reads is lost.
      stream.on('data', (bytes) => ends[other]?.write(bytes))
      stream.on('error', () => stream.destroy())
      stream.on('close', () => {
        if (ends[end] === stream) ends[end] = undefined
      })
    })
  const board = await listen('board', 'host')
  const host = await listen('host', 'board')
  return {
    boardPath: `unix:${directory}/board.sock`,
    hostPath: `unix:${directory}/host.sock`,
    form: 'unix',
    close: async () => {
      ends.board?.destroy()
      ends.host?.destroy()
      await Promise.all([board.close(), host.close()])
    },
  }
}
