import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { folder, platform } from './board-under-test.js'

const run = promisify(execFile)
let projects = 0

/** compose.yaml as it is, but with the firmware and the rig as they are built here. */
export interface ComposeUp {
  readonly ports: { readonly scep: number; readonly broker: number; readonly console: number; readonly https: number }
  /** Runs a program in the container of a service; its output. @throws when it fails */
  readonly exec: (service: string, ...words: readonly string[]) => Promise<string>
  /** Starts the container of a service anew. */
  readonly restart: (service: string) => Promise<void>
}

/** What docker and podman do by default, and a machine may forbid; no health check needs a systemd. */
const engineSettings = '[engine]\nruntime = "runc"\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'

/** Brings all services up, and takes all that they leave away when the test ends. @throws when one does not start */
export async function composeUp(t: ExecutionContext, challenge: string): Promise<ComposeUp> {
  const directory = await folder(t)
  await run('rig/bench/compose/build-images.sh', ['if-needed'])
  const ports = { scep: await free(), broker: await free(), console: await free(), https: await free() }
  await platform.files.write(`${directory}/containers.conf`, engineSettings)
  await platform.files.write(`${directory}/challenge`, `${challenge}\n`)
  const built = { volumes: [`${process.cwd()}/build:/opt/platen/build:ro`] }
  await platform.files.write(`${directory}/built-here.yaml`, stringify({ services: { 'broker-files': built, 'board': built } }))
  const env = {
    ...process.env, CONTAINERS_CONF: `${directory}/containers.conf`, DISABLE_HC_SYSTEMD: 'true', PLATEN_CHALLENGE_FILE: `${directory}/challenge`,
    PLATEN_SCEP_PORT: String(ports.scep), PLATEN_BROKER_PORT: String(ports.broker), PLATEN_CONSOLE_PORT: String(ports.console), PLATEN_HTTPS_PORT: String(ports.https),
  }
  const project = `platen-test-${process.pid}-${projects += 1}`
  const compose = (...words: readonly string[]) => run('podman-compose', ['-p', project, '-f', 'compose.yaml', '-f', `${directory}/built-here.yaml`, ...words], { env })
  const podman = (...words: readonly string[]) => run('podman', [...words], { env })
  t.teardown(async () => {
    if (!t.passed) for (const service of ['scep', 'broker-files', 'broker', 'board']) t.log(service, (await podman('logs', '--tail', '20', `${project}_${service}_1`).catch(String)))
    await compose('down', '-v', '-t', '5').catch(String)
    await podman('network', 'rm', '--force', `${project}_default`).catch(String)
  })
  await compose('up', '-d')
  return {
    ports,
    exec: async (service, ...words) => (await podman('exec', `${project}_${service}_1`, ...words)).stdout,
    restart: async (service) => {
      await podman('restart', '--time', '5', `${project}_${service}_1`)
    },
  }
}

const free = (): Promise<number> => platform.network.freeTcpPort()
