/**
 * A board whose key of TLS is served by two daemons of others as well: nginx, which loads it when it is told to, and
 * ippeveprinter, an IPP printer that opens its files for each connection.
 */
import { PlatenError } from '../../../protocol/errors.js'
import { readCertificate } from '../../../protocol/scep/index.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { askPrinter, ipptool, nginxReload, printerHost, startIppPrinter, startNginx, type IppPrinter, type Nginx } from '../../peers/index.js'
import type { Bench } from '../bench.js'
import { UseSite, type UseSitePlan } from './use-site.js'
import type { Seen, UseUnderTest } from './use-under-test.js'

/** What the reload command of nginx does: `load` is nginx' own. */
export type ReloadMood = 'load' | 'hang' | 'nothing'

const loopback = '127.0.0.1'
const again = milliseconds(50)
const filesWithin = seconds(60)

interface Places {
  /** On tmpfs: empty after a power cut. */
  readonly runtime: string
  readonly folder: string
  readonly nginxPort: number
  readonly printerPort: number
}

/** The daemons, and how their clients see them. They run from when the board has written their files. */
export class TlsDaemons {
  readonly site: UseSite
  readonly #places: Places
  #nginx: Nginx | undefined
  #printer: IppPrinter | undefined
  #running: Promise<void> = Promise.resolve()
  /** The key file that nginx is configured with, where it is not the board's. */
  #otherKey: string | undefined

  private constructor(site: UseSite, places: Places) {
    this.site = site
    this.#places = places
  }

  /** Switches the board on, and starts both daemons with its default key. */
  static async open(bench: Bench, plan: UseSitePlan = {}): Promise<TlsDaemons> {
    const site = await UseSite.open(bench, plan)
    const { network } = site.machine
    const places = { runtime: await site.folder('memory'), folder: await site.folder(), nginxPort: await network.freeTcpPort(), printerPort: await network.freeTcpPort() }
    const daemons = new TlsDaemons(site, places)
    await daemons.feel('load')
    site.atEnd(() => daemons.stop())
    await site.switchOn({ configuration: { runtime: places.runtime, tlsDaemons: daemons.#declared() } })
    await daemons.comesBack()
    return daemons
  }

  /** Clients of all three, each on a new connection. They trust nobody but the CA when they ask the printer, unless it is said otherwise. */
  asClient(verifying = true): UseUnderTest {
    const askers = this.clients(verifying)
    const ask = async (): Promise<Seen> => {
      await this.#running
      const [first, ...others] = await Promise.all([askers.listener(), askers.nginx(), askers.printer()])
      if (others.some(({ serial }) => serial !== first.serial)) throw new PlatenError('probe-failed', `not all show the same certificate: ${[first, ...others].map(({ serial }) => serial).join(', ')}`)
      return first
    }
    return { use: 'tls', subject: `cn=${loopback} dns=${printerHost}`, ask, startDaemons: () => this.#lose() }
  }

  /** A client of each, on a new connection for each request. @param verifying whether an IPP request, to a printer that must lead to the CA, is part of it */
  clients(verifying = true): Readonly<Record<'listener' | 'nginx' | 'printer', () => Promise<Seen>>> {
    const { machine, board, ca } = this.site
    const { nginxPort, printerPort } = this.#places
    const of = (port: number): (() => Promise<Seen>) => {
      const client = machine.httpsClient({ host: loopback, port, timeout: seconds(5) }, 'fresh')
      return async () => ({ serial: readCertificate((await client.get('/')).certificate).serial })
    }
    const printer = of(printerPort)
    return {
      listener: of(board.board.https.port),
      nginx: of(nginxPort),
      printer: async () => {
        if (verifying) await askPrinter(machine, new URL(`https://${loopback}:${printerPort}/ipp/print`), [ca])
        return printer()
      },
    }
  }

  /** CUPS' own client, over ipps. */
  ipptool(): ReturnType<typeof ipptool> {
    return ipptool(this.site.machine, `ipps://${printerHost}:${this.#places.printerPort}/ipp/print`)
  }

  /** What the reload command of nginx does from now on. */
  async feel(mood: ReloadMood): Promise<void> {
    const { folder } = this.#places
    await this.site.machine.files.write(`${folder}/reload`, [
      `case ${mood} in`,
      'hang) exec sleep 600;;',
      'nothing) exit 0;;',
      'esac',
      `exec ${nginxReload(folder).join(' ')}`, '',
    ].join('\n'))
  }

  /** Somebody sets another key file in the configuration of nginx: it serves on, and refuses whatever comes. */
  async spoil(): Promise<void> {
    const { files } = this.site.machine
    const { privateKeyPem } = await this.site.identity({ commonName: 'other' })
    const { folder } = this.#places
    this.#otherKey = `${folder}/other.key`
    await files.write(this.#otherKey, privateKeyPem)
    const config = Buffer.from(await files.read(`${folder}/nginx.conf`) ?? []).toString()
    await files.write(`${folder}/nginx.conf`, config.replace(/ssl_certificate_key .*;/u, `ssl_certificate_key ${this.#otherKey};`))
  }

  /** The printer ends. */
  async killPrinter(): Promise<void> {
    await this.#printer?.close()
    this.#printer = undefined
  }

  /** Starts what does not run. */
  async comesBack(): Promise<void> {
    this.startWhenReady()
    await this.#running
  }

  /** The same, when its files are there; `ask` waits for it. */
  startWhenReady(): void {
    this.#running = this.#start()
    this.#running.catch(() => undefined)
  }

  async stop(): Promise<void> {
    await this.#running.catch(() => undefined)
    await this.#nginx?.close()
    this.#nginx = undefined
    await this.killPrinter()
  }

  /** What a power cut takes beside the board: the daemons, and all that was in memory. */
  async #lose(): Promise<void> {
    await this.stop()
    await this.site.machine.processes.run('find', [this.#places.runtime, '-mindepth', '1', '-delete'], seconds(10))
    this.startWhenReady()
  }

  async #start(): Promise<void> {
    const { machine } = this.site
    const { folder, nginxPort, printerPort } = this.#places
    const { nginx, printer } = this.#files()
    const end = machine.clock.monotonic() + filesWithin
    while (!await machine.files.exists(nginx.certificateFile) || !await machine.files.exists(printer.certificateFile)) {
      if (machine.clock.monotonic() > end) throw new PlatenError('timed-out', 'the board has not written the files of its daemons')
      await new Promise<void>((resolve) => machine.clock.after('look for the files', again, resolve))
    }
    this.#nginx ??= await startNginx(machine, { directory: folder, port: nginxPort, ...nginx })
    this.#printer ??= await startIppPrinter(machine, { directory: folder, port: printerPort, keyFolder: `${this.#places.runtime}/printer` })
  }

  #files(): Readonly<Record<'nginx' | 'printer', { readonly keyFile: string; readonly certificateFile: string }>> {
    const at = (path: string): { readonly keyFile: string; readonly certificateFile: string } => ({ keyFile: `${this.#places.runtime}/${path}.key`, certificateFile: `${this.#places.runtime}/${path}.crt` })
    return { nginx: at('nginx'), printer: at(`printer/${printerHost}`) }
  }

  /** The section `tlsDaemons` of the board's config. */
  #declared(): readonly object[] {
    const { folder, nginxPort, printerPort } = this.#places
    const { nginx, printer } = this.#files()
    return [
      { name: 'nginx', ...nginx, reload: ['sh', `${folder}/reload`], reloadTimeoutSeconds: 2, probe: `${loopback}:${nginxPort}`, probeTimeoutSeconds: 2 },
      { name: 'printer', ...printer, probe: `${loopback}:${printerPort}`, probeTimeoutSeconds: 2 },
    ]
  }
}
