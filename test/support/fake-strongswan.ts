import type { Disk, ProcessExit, Processes } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'

/** strongSwan's daemon as `swanctl` shows it, over the files that the firmware writes on a disk of the test. */
export class FakeStrongswan implements Processes {
  installed = true
  /** `hangs`: it never answers. */
  daemon: 'runs' | 'dead' | 'hangs' = 'runs'
  /** The command at which it begins to hang. */
  hangsAt: string | undefined
  /** What it says of connections that it does not take. */
  refuses: string | undefined
  /** What the peer makes of a handshake; undefined: it comes about. */
  peer: string | undefined
  /** Why the peer refuses a connection of this certificate file; undefined: it does not. */
  peerRefuses: (certificate: string) => string | undefined = () => undefined
  /** After so many commands the board has lost its power: no answer comes any more. */
  commandsLeft = Infinity
  onPowerCut: () => void = () => undefined
  /** Programs that start the daemon again, as they were run. */
  readonly revived: string[] = []
  /** Loaded connections, and those with an IKE_SA. */
  readonly loaded = new Set<string>()
  readonly up = new Set<string>()
  /** Commands in their order, with what they were for. */
  readonly story: string[] = []
  /** Names of the key files that lay there during the last load. */
  keys: readonly string[] = []
  config = ''
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  start(): never {
    throw new TypeError('nothing is started here')
  }

  has(command: string): Promise<boolean> {
    return Promise.resolve(this.installed && command === 'swanctl')
  }

  /** The daemon starts anew: it knows nothing any more. */
  restart(): void {
    this.loaded.clear()
    this.up.clear()
    this.daemon = 'runs'
  }

  async run(command: string, [directory = '', program, verb = '', ...rest]: readonly string[]): Promise<ProcessExit & { readonly lines: readonly string[] }> {
    if (command === 'revive') {
      this.revived.push([directory, program].join(' ').trim())
      this.restart()
      return { code: 0, signal: undefined, lines: [] }
    }
    if (command !== 'env' || program !== 'swanctl') throw new TypeError('another program')
    if ((this.commandsLeft -= 1) < 0) {
      this.onPowerCut()
      return new Promise(() => undefined)
    }
    const name = rest.includes('--ike') ? rest[rest.indexOf('--ike') + 1] ?? '' : ''
    this.story.push(name === '' ? verb : `${verb} ${name}`)
    if (verb === this.hangsAt) this.daemon = 'hangs'
    if (this.daemon === 'hangs') throw new PlatenError('timed-out', 'env did not end within 5 s')
    const answer = this.daemon === 'dead' ? failed('connecting to \'unix:///none\' failed: No such file or directory') : await this.#answer(verb, name, directory.replace('SWANCTL_DIR=', ''))
    return { code: answer.code, signal: undefined, lines: ['plugin \'ldap\': failed to load', ...answer.lines] }
  }

  async #answer(verb: string, name: string, directory: string): Promise<{ code: number; lines: string[] }> {
    switch (verb) {
      case '--version':
        return { code: 0, lines: [] }
      case '--load-creds':
        this.keys = await this.#disk.list(`${directory}/private`)
        return { code: 0, lines: [] }
      case '--load-conns':
        return this.#load(Buffer.from(await this.#disk.read(`${directory}/swanctl.conf`, 1e6)).toString())
      case '--initiate': {
        if (!this.loaded.has(name)) return failed('initiate failed: CHILD_SA config \'tunnel\' not found')
        const refusal = this.peer ?? this.peerRefuses(this.#certificateOf(name))
        if (refusal !== undefined) return failed('initiate failed: establishing CHILD_SA \'tunnel\' failed', refusal)
        this.up.add(name)
        return { code: 0, lines: ['initiate completed successfully'] }
      }
      case '--terminate':
        this.up.delete(name)
        return { code: 0, lines: [] }
      case '--list-sas':
        return { code: 0, lines: [...[...this.up].filter((each) => name === '' || each === name).map((each) => `list-sa event {${each} {uniqueid=1 version=2 state=ESTABLISHED local-host=192.0.2.1 child-sas {tunnel-1 {name=tunnel uniqueid=1 state=INSTALLED mode=TUNNEL}}}}`), 'list-sas reply {}'] }
      default:
        throw new TypeError(`swanctl ${verb}`)
    }
  }

  #certificateOf(name: string): string {
    return new RegExp(`${name} \\{[^}]*certs = "[^"]*/([^"/]+)"`).exec(this.config)?.[1] ?? ''
  }

  #load(config: string): { code: number; lines: string[] } {
    const names = [...config.matchAll(/^ {2}(platen-\S+) \{$/gm)].map(([, name]) => name!)
    const refused = this.refuses === undefined ? [] : names.filter((name) => !this.loaded.has(name))
    for (const name of this.loaded) if (!names.includes(name)) this.loaded.delete(name)
    for (const name of names) if (!refused.includes(name)) this.loaded.add(name)
    this.config = config
    return { code: refused.length > 0 ? 22 : 0, lines: refused.map((name) => `loading connection '${name}' failed: ${this.refuses ?? ''}`) }
  }
}

function failed(...lines: readonly string[]): { code: number; lines: string[] } {
  return { code: 1, lines: [...lines] }
}
