import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { CHALLENGE_PROMPT, type ResultLine } from '../../protocol/commands/index.js'
import { ProcessBoard, type ProcessBoardOptions } from '../../rig/boards/index.js'
import { linuxPlatform, type RigPlatform } from '../../rig/platform/index.js'

export const platform: RigPlatform = linuxPlatform()
export const password = 'a password for tests'

/** A new folder that goes when the test ends. */
export async function folder(t: ExecutionContext): Promise<string> {
  const directory = await platform.files.temporaryDirectory('platen-test')
  t.teardown(() => directory.remove())
  return directory.path
}

interface BoardUnderTestOptions extends Pick<ProcessBoardOptions, 'maxKeys' | 'mqtt' | 'configuration' | 'onConsole'> {
  readonly onPlatform?: RigPlatform
}

/** The built firmware, switched on and signed in; switched off when the test ends. */
export async function boardUnderTest(t: ExecutionContext, { onPlatform = platform, ...options }: BoardUnderTestOptions = {}): Promise<ProcessBoard> {
  const directory = await folder(t)
  const firmware = fileURLToPath(new URL('../../firmware/main.js', import.meta.url))
  const log: string[] = []
  const board = await ProcessBoard.create(onPlatform, { name: 'under test', directory, firmware, ...options, onLog: (line) => log.push(line) })
  t.teardown(async () => {
    if (!t.passed) log.forEach((line) => t.log(line))
    await board.dispose()
  })
  await board.powerOn()
  await board.signIn(password)
  return board
}

/** Types a command that has to work, and returns the values of its result. */
export async function does(t: ExecutionContext, board: ProcessBoard, line: string, challenge?: string): Promise<Readonly<Record<string, string>>> {
  const result = await says(board, line, challenge)
  t.true(result.ok, result.ok ? '' : `${line}: ${result.code} ${result.message}`)
  return result.ok ? result.values : {}
}

/** Types a command and returns its result, whatever it is. */
export async function says(board: ProcessBoard, line: string, challenge?: string): Promise<ResultLine> {
  return (await board.command(line, challenge === undefined ? {} : { answers: { [CHALLENGE_PROMPT]: challenge } })).result
}

/** Points a board at a SCEP server and makes it trust its CA. */
export async function connectBoard(t: ExecutionContext, board: ProcessBoard, server: { readonly url: string; readonly port: number }, policy = 'standard'): Promise<void> {
  await does(t, board, `comm set url=${server.url.replace(/:\d+\//u, '/')} port=${server.port} timeout=5 policy=${policy}`)
  const { fingerprint } = await does(t, board, 'ca fetch')
  await does(t, board, `ca pin ${fingerprint ?? ''}`)
}

/** What `openssl s_client` says of the board, with its exit code. @param more further options */
export async function opensslClient(board: Pick<ProcessBoard, 'https'>, caFile: string, ...more: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const { host, port } = board.https
  const run = promisify(execFile)('openssl', ['s_client', '-connect', `${host}:${port}`, '-CAfile', caFile, '-verify_ip', host, '-verify_return_error', '-showcerts', ...more])
  run.child.stdin?.end('Q\n')
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { readonly code: number; readonly stdout: string; readonly stderr: string }
      return { code, output: stdout + stderr }
    },
  )
}
