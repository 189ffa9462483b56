import type { Clock } from '../../protocol/time.js'
import { LinuxDisk } from './linux-disk.js'
import { LinuxHttp } from './linux-http.js'
import { linuxKeys } from './linux-keys.js'
import { linuxMqtt } from './linux-mqtt.js'
import { linuxNetwork } from './linux-network.js'
import { LinuxProcesses } from './linux-processes.js'
import { linuxRandom } from './linux-random.js'
import { linuxRuntimeFiles } from './linux-runtime-files.js'
import { linuxSerial } from './linux-serial.js'
import type { Platform } from './ports.js'

/** The machine this process runs on. */
export function linuxPlatform(clock: Clock): Platform {
  return {
    clock,
    random: linuxRandom,
    keys: linuxKeys,
    disk: new LinuxDisk(),
    http: new LinuxHttp(clock),
    network: linuxNetwork(clock),
    serial: linuxSerial,
    processes: new LinuxProcesses(clock),
    runtimeFiles: linuxRuntimeFiles,
    mqtt: linuxMqtt(clock),
  }
}
