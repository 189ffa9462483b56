import { asPlatenError, hasCode, PlatenError } from '../protocol/errors.js'
import { startBoard, type Board } from './board.js'
import { configLimit, readConfig, type BoardConfig } from './config.js'
import { linuxPlatform, type Platform } from './platform/index.js'
import { LinuxClock, ownProcess } from './platform/process/index.js'
import { beat, exitCodes, previousRunVariable, readPreviousRun, RunRecord } from './supervisor/index.js'

/** Says whether a config file is right. @returns the exit code */
export async function checkConfig(file: string): Promise<number> {
  try {
    await load(linuxPlatform(new LinuxClock()), file)
    process.stdout.write(`${file} is right\n`)
    return 0
  } catch (error) {
    return refuse(error)
  }
}

/**
 * Runs one board in this process until it ends, and tells the parent by the exit code how.
 * What a person caused is one line on standard error; only a mistake of the firmware shows a stack.
 */
export async function runBoardProcess(file: string): Promise<number> {
  const atFirst = linuxPlatform(new LinuxClock())
  const stopBeating = beat(atFirst.clock, (message) => ownProcess.tellParent(message))
  process.on('uncaughtException', (error) => {
    crash(error)
    process.exit(exitCodes.crashed)
  })
  try {
    const config = await load(atFirst, file)
    const lastSaved = await RunRecord.lastSeen(atFirst.disk, config.data)
    const platform = linuxPlatform(new LinuxClock(lastSaved === undefined ? {} : { lastSaved }))
    return await end(await start(platform, config))
  } catch (error) {
    return refuse(error)
  } finally {
    stopBeating()
    ownProcess.leaveParent()
  }
}

async function load(platform: Platform, file: string): Promise<BoardConfig> {
  return readConfig(await platform.disk.read(file, configLimit).catch((cause: unknown) => {
    const { facts } = asPlatenError(cause)
    const reason = facts['errno'] === 'ENOENT' ? 'there is no such file' : facts['errno'] === 'EFBIG' ? 'it is too large for a config' : `it cannot be read (${String(facts['errno'])})`
    throw new PlatenError('config-invalid', `${file}: ${reason}`, { facts: { file }, fix: 'Copy systemd/board.example.yaml there and change what differs on this board.', cause })
  }), file)
}

/** An order to stop that comes during the start is kept until there is something to stop. */
async function start(platform: Platform, config: BoardConfig): Promise<Board> {
  const order: { given: boolean; board?: Board } = { given: false }
  const stop = (): void => {
    order.given = true
    void order.board?.stop()
  }
  ownProcess.onTerminate(stop)
  ownProcess.onParentGone(stop)
  const previousRun = readPreviousRun(process.env[previousRunVariable])
  const storeKey = await credential(platform)
  const board = await startBoard(platform, config, {
    writeLog: (line) => void process.stdout.write(line),
    ...(previousRun === undefined ? {} : { previousRun }),
    ...(storeKey === undefined ? {} : { storeKey }),
  })
  order.board = board
  if (order.given) stop()
  return board
}

/** Where systemd puts the store key when the unit has a credential of this name. */
async function credential({ disk }: Platform): Promise<string | undefined> {
  const directory = process.env['CREDENTIALS_DIRECTORY']
  if (directory === undefined) return undefined
  const path = `${directory}/store.key`
  return await disk.facts(path) === undefined ? undefined : path
}

async function end(board: Board): Promise<number> {
  const { reason } = await board.stopped
  return reason === 'restart' ? exitCodes.restart : exitCodes.stopped
}

function refuse(thrown: unknown): number {
  const error = asPlatenError(thrown)
  if (error.code === 'internal') {
    crash(error.cause ?? error)
    return exitCodes.crashed
  }
  process.stderr.write(`platen: ${error.message}.${error.fix === '' ? '' : ` ${error.fix}`}\n`)
  return hasCode(error, 'config-invalid') ? exitCodes.config : exitCodes.refused
}

/** The stack first: the parent keeps the last line. */
function crash(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack ?? '' : ''}\nplaten: crashed: ${error instanceof Error ? error.message : String(error)}\n`)
}
