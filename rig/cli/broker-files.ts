import { Command } from 'commander'
import { certificatePem } from '../../protocol/pem.js'
import { readCaCertificates } from '../../protocol/scep/index.js'
import { milliseconds, seconds, type Duration } from '../../protocol/time.js'
import { mosquittoFiles, openBrokerHome } from '../broker/index.js'
import type { RigPlatform } from '../platform/index.js'

interface Options {
  readonly directory: string
  readonly trust: string
  readonly host: string
  readonly port: number
  readonly scep: string
  readonly site: string
  readonly device: readonly string[]
  readonly controller: readonly string[]
}

const deadline = seconds(120)
const betweenTries = milliseconds(250)

const examples = `
The broker gets a CA of its own, which also certifies the controllers: <controller>.pem and .key lie in the folder.
Devices prove themselves with what the SCEP server has issued to them; its CA is asked for here. Certificates that are
there already are kept, so that this can run at each start.

Example:
  npm run rig -- broker-files --directory out/broker --trust out/trust --host broker.example.com --scep http://127.0.0.1:8080/scep \\
    --site head-office --device printer-17 --controller rig
  mosquitto -c out/broker/mosquitto.conf`

/** All that mosquitto needs to be the broker of some boards. */
export function brokerFilesCommand(platform: RigPlatform, write: (line: string) => void): Command {
  return new Command('broker-files')
    .description('make configuration, rights and certificates of a mosquitto for boards and controllers')
    .requiredOption('--directory <path>', "the broker's files, secrets among them; where mosquitto will find them")
    .requiredOption('--trust <path>', 'broker-ca.pem goes there: what a board has to trust')
    .requiredOption('--host <name>', 'how boards call the broker')
    .option('--port <number>', 'on which it listens', Number, 8883)
    .requiredOption('--scep <url>', 'the SCEP server that certifies the devices')
    .requiredOption('--site <name>', 'first level of the topics')
    .requiredOption('--device <name...>', 'Common Names of boards')
    .option('--controller <name...>', 'Common Names of controllers', ['rig'])
    .addHelpText('after', examples)
    .action((options: Options) => make(platform, options, write))
}

async function make(platform: RigPlatform, { directory, trust, host, port, scep, site, device, controller }: Options, write: (line: string) => void): Promise<void> {
  const { sharedFiles } = platform
  const { authority, server } = await openBrokerHome(platform, { directory, host, controllers: controller })
  write(`waiting for the CA of ${scep} …`)
  const devices = await certifierOf(platform, scep)
  const written = mosquittoFiles({
    directory, port, credentials: server, clientAnchors: [authority, ...devices],
    identities: [...device.map((name) => ({ kind: 'device', site, name }) as const), ...controller.map((name) => ({ kind: 'controller', site, name }) as const)],
  })
  for (const [name, text] of Object.entries(written)) await sharedFiles.replace(`${directory}/${name}`, text)
  await sharedFiles.makeDirectory(trust)
  await sharedFiles.replace(`${trust}/broker-ca.pem`, certificatePem(authority))
  write(`${directory}/mosquitto.conf: ${device.join(', ')}; controllers: ${controller.join(', ')}`)
}

/** The server may still be starting. @throws what its last answer was */
async function certifierOf({ http, clock }: RigPlatform, scep: string): Promise<readonly Uint8Array[]> {
  const end = clock.monotonic() + deadline
  for (;;) {
    try {
      const { body } = await http.exchange({ method: 'GET', url: new URL(`${scep}?operation=GetCACert`), timeout: seconds(5), limit: 256 * 1024 })
      return readCaCertificates(body).filter(({ isCa }) => isCa).map(({ der }) => der)
    } catch (error) {
      if (clock.monotonic() >= end) throw error
      await pause(clock, betweenTries)
    }
  }
}

function pause(clock: RigPlatform['clock'], duration: Duration): Promise<void> {
  return new Promise((resolve) => void clock.after('broker-files: next try', duration, resolve))
}
