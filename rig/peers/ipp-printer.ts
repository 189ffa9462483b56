import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform, RunningProcess } from '../platform/index.js'
import { untilConnectable } from './connectable.js'

export interface IppPrinterOptions {
  /** For its jobs and, at the end, its log `ippeveprinter.log`; it exists. */
  readonly directory: string
  readonly port: number
  /** The folder with `localhost.key` and `localhost.crt`, which it opens for each connection. */
  readonly keyFolder: string
}

/** A running printer: IPP, and IPP over TLS, on one port. */
export interface IppPrinter {
  readonly pid: number
  readonly uri: string
  /** What it said. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

/** The name of the files that it looks for: that of its host, which has to be one that the machine can resolve. */
export const printerHost = 'localhost'

/**
 * ippeveprinter of CUPS (Debian package `cups-ipp-utils`), an IPP Everywhere printer that nobody here wrote. It does not start
 * without a D-Bus, for service discovery, so it gets one of its own (`dbus-daemon`) on which nobody answers.
 * @throws connect-failed when one of them is not installed or does not start
 */
export async function startIppPrinter({ clock, files, lines, processes }: RigPlatform, { directory, port, keyFolder }: IppPrinterOptions): Promise<IppPrinter> {
  const bus = await startBus({ clock, files, processes }, directory)
  const said: string[] = []
  await files.makeDirectory(`${directory}/jobs`)
  const running = await processes.start('ippeveprinter', ['-K', keyFolder, '-n', printerHost, '-p', String(port), '-d', `${directory}/jobs`, '-r', 'off', '-v', 'Test Printer'], {
    environment: { DBUS_SYSTEM_BUS_ADDRESS: bus.address },
    onLine: (line) => said.push(line),
  })
  const close = async (): Promise<void> => {
    for (const each of [running, bus.running]) {
      each.signal('SIGKILL')
      await each.exited
    }
    await files.write(`${directory}/ippeveprinter.log`, `${said.join('\n')}\n`)
  }
  try {
    await untilConnectable({ clock, lines }, port, running)
  } catch (cause) {
    await close()
    throw new PlatenError('connect-failed', `ippeveprinter did not start on port ${port}: ${said.at(-1) ?? 'it said nothing'}`, { cause, fix: 'See whether the port is free.' })
  }
  return { pid: running.pid, uri: `ipps://${printerHost}:${port}/ipp/print`, lines: said, close }
}

async function startBus({ clock, files, processes }: Pick<RigPlatform, 'clock' | 'files' | 'processes'>, directory: string): Promise<{ readonly address: string; readonly running: RunningProcess }> {
  const address = `unix:path=${directory}/bus`
  await files.write(`${directory}/bus.conf`, [
    '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">',
    `<busconfig><type>session</type><listen>${address}</listen><auth>EXTERNAL</auth>`,
    '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>', '',
  ].join('\n'))
  let sawAddress = (): void => undefined
  const listening = new Promise<void>((resolve) => (sawAddress = resolve))
  const running = await processes.start('dbus-daemon', [`--config-file=${directory}/bus.conf`, '--nofork', '--nopidfile', '--print-address'], {
    onLine: (line) => {
      if (line.startsWith('unix:')) sawAddress()
    },
  })
  const timer = clock.after('bus-start', seconds(10), () => running.signal('SIGKILL'))
  const ended = await Promise.race([listening, running.exited])
  timer.cancel()
  if (ended !== undefined) throw new PlatenError('connect-failed', 'dbus-daemon did not start')
  return { address, running }
}
