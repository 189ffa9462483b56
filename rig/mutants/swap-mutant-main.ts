/**
 * Firmware that exchanges keys badly, as a process, made of the real one by another form of the network port: it drops
 * every connection. A rig that does not find it out proves nothing when it passes the real one.
 * Usage: node swap-mutant-main.js CONFIG
 */
import { startBoard } from '../../firmware/board.js'
import { configLimit, readConfig } from '../../firmware/config.js'
import { linuxPlatform, type HttpsListener, type Network, type Platform } from '../../firmware/platform/index.js'
import { LinuxClock, ownProcess } from '../../firmware/platform/process/index.js'
import { milliseconds } from '../../protocol/time.js'

/** How long the listener is away. */
const away = milliseconds(300)

/** The listener is closed for the exchange, with all that is open on it, and comes back a little later. */
function dropsConnections({ clock, network }: Platform): Network {
  let back: Promise<void> = Promise.resolve()
  return {
    ...network,
    handshake: async (options) => {
      await back
      return network.handshake(options)
    },
    listenHttps: async (options) => {
      let listener = await network.listenHttps(options)
      const { port } = listener
      const again = async (credentials: Parameters<HttpsListener['setCredentials']>[0]): Promise<void> => {
        await listener.close()
        await new Promise<void>((resolve) => void clock.after('mutant: away', away, resolve))
        listener = await network.listenHttps({ ...options, port, credentials })
      }
      return { port, addressesUsed: () => listener.addressesUsed(), setCredentials: (credentials) => void (back = again(credentials)), close: () => back.then(() => listener.close()) }
    },
  }
}

const [file = ''] = process.argv.slice(2)
const linux = linuxPlatform(new LinuxClock())
const platform = { ...linux, network: dropsConnections(linux) }
const order = { stop: (): void => process.exit(0) }
ownProcess.onTerminate(() => order.stop())
const board = await startBoard(platform, readConfig(await platform.disk.read(file, configLimit), file), { writeLog: (line) => void process.stdout.write(line) })
order.stop = () => void board.stop()
await board.stopped
process.exit(0)
