import { createServer } from 'node:net'
import { linuxSerial } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import type { Lines } from './ports.js'

/** A terminal at the rig's end runs at the speed of the board's console. */
const usualBaudRate = 115_200

export const linuxLines: Lines = {
  open: (path, baudRate = usualBaudRate) => linuxSerial.open(path, baudRate),

  async listen(path, onConnection) {
    const server = createServer(onConnection)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(new PlatenError('listen-failed', `cannot listen on ${path}`, { cause })))
      server.listen(path, resolve)
    })
    return { close: () => new Promise((resolve) => server.close(() => resolve())) }
  },
}
