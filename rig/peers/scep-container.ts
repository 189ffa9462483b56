import { fileURLToPath } from 'node:url'
import { PlatenError } from '../../protocol/errors.js'
import { certificatePem } from '../../protocol/pem.js'
import { milliseconds, seconds, type Clock, type Duration } from '../../protocol/time.js'
import type { RigPlatform, RunningProcess } from '../platform/index.js'
import { containerLimits, findContainerEngine, type ContainerEngine } from './container-engine.js'
import type { PeerScepServer } from './scepserver.js'

export const scepImage = 'localhost/platen-scep'

/** From the built tree to the Containerfile and its script. */
const buildScript = fileURLToPath(new URL('../../../rig/scep-server/container/build-image.sh', import.meta.url))

/** A CA key of 4096 bits takes a small machine a while. */
const startDeadline = seconds(60)
const stopDeadline = seconds(10)
const betweenTries = milliseconds(50)

export interface ScepContainerOptions {
  /** A folder for this user only; the challenge lies there while the container runs. */
  readonly directory: string
  /** On all addresses of this machine. */
  readonly port: number
  /** Of a new CA. */
  readonly keyBits: 2048 | 3072 | 4096
  readonly challenge: string
  /** Keeps the CA in a volume of this name; else it goes with the container. */
  readonly volume?: string
  /** What the container and the engine say. */
  readonly onLine?: (line: string) => void
}

/** Builds the image unless it is there already; minutes on a machine without a cache. @throws connect-failed */
export async function needScepImage({ processes }: RigPlatform, engine: ContainerEngine, onLine: (line: string) => void): Promise<void> {
  const seen = await engine.start(['image', 'inspect', scepImage])
  if ((await seen.exited).code === 0) return
  onLine(`building the image ${scepImage} …`)
  let last = ''
  const build = await processes.start(buildScript, [], { environment: { ENGINE: engine.name }, onLine: (line) => onLine(last = line) })
  if ((await build.exited).code !== 0) {
    throw new PlatenError('connect-failed', `the image ${scepImage} could not be built: ${last}`, { fix: 'Run rig/scep-server/container/build-image.sh yourself; without a registry it needs mmdebstrap.' })
  }
}

/**
 * Debian's scepserver in a container, without capabilities and with a read-only root; ready when it answers GetCACaps.
 * A container that an earlier rig left on this port is taken away first.
 * @throws connect-failed, timed-out; listen-failed when the port is taken
 */
export async function startScepContainer(platform: RigPlatform, options: ScepContainerOptions): Promise<PeerScepServer> {
  const { directory, port, onLine = () => undefined } = options
  const engine = await findContainerEngine(platform.processes)
  await needScepImage(platform, engine, onLine)
  const name = `platen-scep-${port}`
  const challengeFile = `${directory}/scep-challenge`
  await platform.files.write(challengeFile, `${options.challenge}\n`)
  await engine.succeed(['rm', '--force', name]).catch(() => undefined)
  await mustBeFree(platform.lines, port)
  let last = ''
  const running = await engine.start(runWords(name, challengeFile, options), (line) => onLine(last = line))
  const url = `http://127.0.0.1:${port}/scep`
  const close = (): Promise<void> => stop(platform.clock, running)
  try {
    await untilHealthy(platform, url, running)
    return { url, pid: running.pid, exited: running.exited, caPem: await caPem(platform.http, url), close }
  } catch (error) {
    await close()
    throw error instanceof PlatenError && last !== '' ? new PlatenError(error.code, `${error.message}; it says: ${last}`, { fix: error.fix, cause: error }) : error
  }
}

function runWords(name: string, challengeFile: string, { port, keyBits, volume }: ScepContainerOptions): readonly string[] {
  return [
    'run', '--rm', '--name', name, '--network', 'host', ...containerLimits,
    // The challenge is a file of the caller's that nobody else may read, whoever that is.
    '--cap-drop', 'all', '--cap-add', 'dac_override', '--read-only', '--security-opt', 'no-new-privileges',
    // Its own check needs a systemd under podman; the rig asks from outside, as a board does.
    '--no-healthcheck',
    '--env', `SCEP_HTTP_LISTEN_PORT=${port}`, '--env', `SCEP_KEY_BITS=${keyBits}`,
    '--volume', `${challengeFile}:/run/secrets/scep-challenge:ro`,
    ...volume === undefined ? [] : ['--volume', `${volume}:/var/lib/scep`],
    scepImage,
  ]
}

/** Else the server that has the port would be taken for the one in the container. */
async function mustBeFree(lines: RigPlatform['lines'], port: number): Promise<void> {
  const other = await lines.open(`tcp://127.0.0.1:${port}`).catch(() => undefined)
  other?.destroy()
  if (other !== undefined) throw new PlatenError('listen-failed', `port ${port} is in use`, { facts: { port }, fix: 'Choose another port.' })
}

async function untilHealthy({ clock, http }: RigPlatform, url: string, running: RunningProcess): Promise<void> {
  const end = clock.monotonic() + startDeadline
  const ended = running.exited.then(() => 'ended' as const)
  for (;;) {
    const state = await Promise.race([ended, answersCapabilities(http, url)])
    if (state === 'healthy') return
    if (state === 'ended') throw new PlatenError('connect-failed', `the container for ${url} ended before it served`)
    if (clock.monotonic() >= end) throw new PlatenError('timed-out', `the container for ${url} did not answer GetCACaps within ${startDeadline / 1000} s`)
    await pause(clock, betweenTries)
  }
}

function answersCapabilities(http: RigPlatform['http'], url: string): Promise<'healthy' | 'silent'> {
  return get(http, url, 'GetCACaps').then(({ status }) => (status === 200 ? 'healthy' : 'silent'), () => 'silent')
}

async function caPem(http: RigPlatform['http'], url: string): Promise<string> {
  return certificatePem((await get(http, url, 'GetCACert')).body)
}

function get(http: RigPlatform['http'], url: string, operation: string): ReturnType<RigPlatform['http']['exchange']> {
  return http.exchange({ method: 'GET', url: new URL(`${url}?operation=${operation}`), timeout: seconds(5), limit: 64 * 1024 })
}

function pause(clock: Clock, duration: Duration): Promise<void> {
  return new Promise((resolve) => clock.after('scep-container-start', duration, resolve))
}

/** The engine hands SIGTERM on to the server, and takes the container away when it has ended. */
async function stop(clock: Clock, running: RunningProcess): Promise<void> {
  running.signal('SIGTERM')
  const timer = clock.after('scep-container-stop', stopDeadline, () => running.signal('SIGKILL'))
  await running.exited
  timer.cancel()
}
