import { once } from 'node:events'
import { read } from 'node:fs'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import type { SerialPort } from 'serialport'
import { PlatenError } from '../../protocol/errors.js'
import type { SerialPorts } from './ports.js'

/** Serial lines of this machine: a UART or pty by its device path, or the same bytes through a socket. */
export const linuxSerial: SerialPorts = {
  async open(path, baudRate) {
    try {
      return await opened(path, baudRate)
    } catch (cause) {
      throw openFailed(path, cause)
    }
  },
}

async function opened(path: string, baudRate: number): Promise<Duplex> {
  if (path.startsWith('unix:')) return connected(connect({ path: path.slice('unix:'.length) }))
  if (path.startsWith('tcp://')) {
    const { hostname, port } = new URL(path)
    return connected(connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true }))
  }
  return openedDevice(path, baudRate)
}

async function openedDevice(path: string, baudRate: number): Promise<Duplex> {
  // Imported when it is needed: a board on a socket never pays for the native part.
  const { SerialPort } = await import('serialport')
  const line = new SerialPort({ path, baudRate, autoOpen: false })
  // The library knows only its own `close`. A port that is destroyed but not closed keeps its native poller, which
  // crashes the process once the object behind it has been collected.
  line._destroy = (error, done) => {
    if (line.isOpen) line.close(() => done(error))
    else done(error)
  }
  line._final = (done) => line.drain(() => done())
  await new Promise<void>((resolve, reject) => {
    line.open((error) => {
      if (error) reject(error)
      else resolve()
    })
  })
  if (line.port !== undefined && 'poller' in line.port) endAtHangUp(line.port)
  return line
}

/** The open device of the library, as it is on Linux. */
type Device = Extract<NonNullable<SerialPort['port']>, { readonly poller: unknown }>

/**
 * A device that is gone (a USB adapter pulled out, the other end of a pty closed) reads as zero bytes for ever, and the
 * library's own read tries again at once, without end: a core at its limit, and memory until the process dies. Here it
 * is an error, which closes the line. An open line never reads zero: without data it says EAGAIN (VMIN is 1).
 */
function endAtHangUp(port: Device): void {
  port.read = async (buffer, offset, length) => {
    while (port.fd !== null) {
      const bytesRead = await readNow(port.fd, buffer, offset, length)
      if (bytesRead === 0) throw new Error('the device was hung up')
      if (bytesRead !== undefined) return { buffer, bytesRead }
      // The poller of a port that was closed meanwhile is gone, and asking it would crash the process.
      if (port.isOpen) await readable(port)
    }
    throw Object.assign(new Error('the line is closed'), { canceled: true })
  }
}

/** @returns undefined when there is nothing to read yet */
async function readNow(fd: number, buffer: Buffer, offset: number, length: number): Promise<number | undefined> {
  try {
    return (await promisify(read)(fd, buffer, offset, length, null)).bytesRead
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR')) return undefined
    throw error
  }
}

function readable(port: Device): Promise<void> {
  return new Promise((resolve, reject) => {
    port.poller.once('readable', (error: Error | null) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

async function connected<Line extends Duplex>(line: Line): Promise<Line> {
  await once(line, 'connect')
  return line
}

function openFailed(path: string, cause: unknown): PlatenError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const [reason, fix] = troubles.find(([pattern]) => pattern.test(message))?.[1] ?? [message, 'Check serial.path in the config.']
  return new PlatenError('connect-failed', `cannot open the serial line ${path}: ${reason}`, { facts: { path }, fix, cause })
}

const troubles: readonly (readonly [RegExp, readonly [string, string]])[] = [
  [/ENOENT|No such file/, ['there is no such device or socket', 'Set serial.path in the config to a line that exists, for example /dev/ttyAMA0 or /dev/ttyUSB0.']],
  [/EACCES|Permission denied/, ['permission denied', 'Let the user that runs the board use the line, for example by the group dialout.']],
  [/ECONNREFUSED/, ['nobody listens there', 'Start the other end of the line first.']],
  [/Cannot lock port|EBUSY/, ['another program has it open', 'Close that program (a terminal, a getty) and start again.']],
]
