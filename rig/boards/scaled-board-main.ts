/**
 * The firmware as a process whose clock runs faster. `firmware/main.ts` knows nothing of it: here the rig builds the
 * same Linux platform around another clock, and starts the same board.
 * Usage: node scaled-board-main.js CONFIG SCALE ANCHOR-HOST ANCHOR-WALL
 */
import { startBoard } from '../../firmware/board.js'
import { configLimit, readConfig } from '../../firmware/config.js'
import { linuxPlatform } from '../../firmware/platform/index.js'
import { LinuxClock, ownProcess } from '../../firmware/platform/process/index.js'
import { ScaledClock } from './scaled-clock.js'

const [file = '', scale, host, wall] = process.argv.slice(2)
const platform = linuxPlatform(new ScaledClock(new LinuxClock(), Number(scale), { host: Number(host), wall: Number(wall) }))
const config = readConfig(await platform.disk.read(file, configLimit), file)

const order = { stop: (): void => process.exit(0) }
ownProcess.onTerminate(() => order.stop())

// A restart is a new start in the same process: the parent that would give it a new one belongs to real time.
for (let again = true; again;) {
  const board = await startBoard(platform, config, { writeLog: (line) => void process.stdout.write(line) })
  order.stop = () => void board.stop()
  const { reason } = await board.stopped
  again = reason === 'restart'
}
process.exit(0)
