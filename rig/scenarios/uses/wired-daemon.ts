import { seconds } from '../../../protocol/time.js'
import type { UseSite } from './use-site.js'

/** What wpa_supplicant is from now on: as it is, or as in a broken installation. */
export type DaemonForm = 'well' | 'dead' | 'refuses' | 'hangs'

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const deadline = seconds(5)

/** wpa_supplicant as the board finds it on its path: a script that becomes the real one, unless it is told otherwise. */
export class WiredDaemon {
  /** For the board. */
  readonly environment: Readonly<Record<string, string>>
  readonly #site: UseSite
  readonly #form: string

  private constructor(site: UseSite, folder: string) {
    this.#site = site
    this.#form = `${folder}/form`
    this.environment = { PATH: `${folder}:${systemPath}` }
  }

  static async install(site: UseSite): Promise<WiredDaemon> {
    const folder = await site.folder()
    const daemon = new WiredDaemon(site, folder)
    const script = [
      '#!/bin/sh',
      `case "$(cat ${daemon.#form})" in`,
      '  dead) echo "Killed at once"; exit 137 ;;',
      '  refuses) echo "Failed to read or parse configuration"; exit 255 ;;',
      '  hangs) exec sleep 3600 ;;',
      `  *) PATH=${systemPath} exec wpa_supplicant "$@" ;;`,
      'esac',
      '',
    ]
    await site.machine.files.write(daemon.#form, 'well')
    await site.machine.files.write(`${folder}/wpa_supplicant`, script.join('\n'))
    await site.machine.processes.run('chmod', ['+x', `${folder}/wpa_supplicant`], deadline)
    return daemon
  }

  /** The daemon that runs is not spared, except to be made well again. */
  async become(form: DaemonForm): Promise<void> {
    await this.#site.machine.files.write(this.#form, form)
    if (form !== 'well') await this.signal(form === 'hangs' ? 'STOP' : 'KILL')
  }

  /** Sends a signal to the daemon that runs. */
  async signal(name: 'KILL' | 'STOP'): Promise<void> {
    const { processes } = this.#site.machine
    const { lines: inside } = await processes.run('ip', ['netns', 'pids', this.#site.home.name], deadline)
    for (const pid of inside) {
      const { lines } = await processes.run('cat', [`/proc/${pid}/comm`], deadline)
      if (lines.at(-1)?.trim() === 'wpa_supplicant') await processes.run('kill', [`-${name}`, pid], deadline)
    }
  }
}
