import { createServer, type AddressInfo } from 'node:net'
import { LinuxClock, LinuxHttp, linuxKeys, linuxMqtt, LinuxProcesses, linuxNetwork, linuxRandom } from '../../firmware/platform/index.js'
import { listenHttp } from './http-listener.js'
import { httpsClient } from './https-client.js'
import { linuxFiles } from './linux-files.js'
import { linuxLines } from './linux-lines.js'
import { linuxTerminal } from './linux-terminal.js'
import type { RigPlatform } from './ports.js'
import { linuxSharedFiles, thisProcess } from './shared-files.js'
import { listenTls } from './tls-listener.js'
import { interrupted } from './system.js'

/** The machine that the rig runs on. What the firmware has for Linux already serves here too. */
export function linuxPlatform(): RigPlatform {
  const clock = new LinuxClock()
  return {
    clock,
    random: linuxRandom.bytes,
    keys: linuxKeys,
    processes: new LinuxProcesses(clock),
    lines: linuxLines,
    files: linuxFiles,
    sharedFiles: linuxSharedFiles,
    thisProcess,
    http: new LinuxHttp(clock),
    listenHttp,
    listenTls,
    httpsClient,
    mqtt: linuxMqtt(clock),
    network: { handshake: (options) => linuxNetwork(clock).handshake(options), freeTcpPort },
    terminal: linuxTerminal(),
    interrupted,
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
