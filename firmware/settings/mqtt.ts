import { posix } from 'node:path'
import { z } from 'zod'
import type { PlatenError } from '../../protocol/errors.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'

/** What can be changed of MQTT while the board runs; broker and names are the config's. */
export interface MqttSettings {
  /** Default on. */
  readonly enabled: boolean
}

const stored = z.strictObject({ version: z.literal(1), enabled: z.boolean() })
type Stored = z.infer<typeof stored>

/** The switch of MQTT, kept in one file. */
export class MqttSettingsFile {
  readonly #file: RecordFile<Stored>

  private constructor(file: RecordFile<Stored>) {
    this.#file = file
  }

  /** A damaged file leaves MQTT on, and is a problem. @throws disk-failed */
  static async open({ disk, directory, log }: { readonly disk: Disk; readonly directory: string; readonly log: Log }): Promise<MqttSettingsFile> {
    const file = await RecordFile.open<Stored>({ disk, path: posix.join(directory, 'mqtt-settings.json'), check: (content) => stored.parse(content), empty: { version: 1, enabled: true } })
    if (file.problem !== undefined) log.error(`settings: ${file.problem.message}; MQTT is on`)
    return new MqttSettingsFile(file)
  }

  get problem(): PlatenError | undefined {
    return this.#file.problem
  }

  get(): MqttSettings {
    return { enabled: this.#file.value.enabled }
  }

  /** @throws disk-failed */
  async update({ enabled }: MqttSettings): Promise<void> {
    await this.#file.update((value) => ({ ...value, enabled }))
  }
}
