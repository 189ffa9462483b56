import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { seconds } from '../../protocol/time.js'
import { ConsoleDriver, ConsoleSession } from '../../rig/boards/index.js'
import { folder, password, platform } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const socat = part('socat')

socat.test("compose.yaml: the board's entry point puts its console on a TCP port, again and again", async (t) => {
  const directory = await folder(t)
  const [consolePort, httpsPort] = [await platform.network.freeTcpPort(), await platform.network.freeTcpPort()]
  await platform.files.write(`${directory}/board.yaml`, stringify({ data: `${directory}/data`, serial: { path: `${directory}/line/board` }, https: { address: '127.0.0.1', port: httpsPort } }))
  let sawReady = (): void => undefined
  const ready = new Promise<void>((resolve) => (sawReady = resolve))
  const board = await platform.processes.start('rig/bench/compose/board-with-console', [], {
    environment: {
      PLATEN_LINE: `${directory}/line`, PLATEN_CONSOLE_PORT: String(consolePort), PLATEN_CONFIG: `${directory}/board.yaml`,
      PLATEN_FIRMWARE: fileURLToPath(new URL('../../firmware/main.js', import.meta.url)),
    },
    onLine: () => sawReady(),
  })
  t.teardown(async () => {
    board.signal('SIGKILL')
    await board.exited
  })
  await Promise.race([ready, board.exited])
  for (let times = 0; times < 2; times += 1) {
    const session = new ConsoleSession(await platform.lines.open(`tcp://127.0.0.1:${consolePort}`), platform.clock)
    const keyboard = new ConsoleDriver(session)
    await keyboard.awake(seconds(30))
    await keyboard.attend(password)
    t.true((await keyboard.command('whoami')).result.ok)
    await keyboard.command('logout')
    session.close()
  }
})
