import { posix } from 'node:path'
import { z } from 'zod'
import type { PlatenError } from '../../protocol/errors.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'
import { inForce, storedCommunication, withUpdate, type CommunicationSettings, type CommunicationUpdate } from './communication.js'

/** The algorithms of a request that a server has answered well (scep.md C-4). */
export interface WorkedWith {
  readonly digest: 'sha1' | 'sha256'
  readonly cipher: 'aes128-cbc' | 'des-ede3-cbc'
}

const workedWith = z.strictObject({ digest: z.enum(['sha1', 'sha256']), cipher: z.enum(['aes128-cbc', 'des-ede3-cbc']) })

const stored = z.strictObject({
  version: z.literal(1),
  communication: storedCommunication,
  /** By the fingerprint of the top CA. */
  worked: z.record(z.string(), workedWith),
  /** By the fingerprint of the CA that named it: the certificate of the CA that is to follow, DER in base64. */
  next: z.record(z.string(), z.base64().max(16_384)).optional(),
})
type Stored = z.infer<typeof stored>

/** The settings of the device, kept in one file. An update is in force when it is durable, and not before. */
export class Settings {
  readonly #file: RecordFile<Stored>

  private constructor(file: RecordFile<Stored>) {
    this.#file = file
  }

  /**
   * A damaged file gives the defaults, under which no server is asked and no CA is trusted, and a problem.
   * @throws disk-failed
   */
  static async open({ disk, directory, log }: { readonly disk: Disk; readonly directory: string; readonly log: Log }): Promise<Settings> {
    const file = await RecordFile.open<Stored>({
      disk,
      path: posix.join(directory, 'settings.json'),
      check: (content) => stored.parse(content),
      empty: { version: 1, communication: {}, worked: {} },
    })
    if (file.problem !== undefined) log.error(`settings: ${file.problem.message}; the defaults are in force`)
    return new Settings(file)
  }

  /** What is wrong with the stored settings: codes `store-damaged`. */
  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  /** Communication Settings in force. */
  get(): CommunicationSettings {
    return inForce(this.#file.value.communication)
  }

  /**
   * Changes the items given; an item given as undefined goes back to its default. All of it or nothing.
   * @throws invalid-value, unknown-field (facts.field names the item), disk-failed
   */
  async update(update: CommunicationUpdate): Promise<CommunicationSettings> {
    await this.#file.update((value) => ({ ...value, communication: withUpdate(value.communication, update) }))
    return this.get()
  }

  /** C-20: the certificate, DER, of the CA that this one said will follow it. */
  nextCa(caFingerprint: string): Uint8Array | undefined {
    const der = this.#file.value.next?.[caFingerprint]
    return der === undefined ? undefined : Uint8Array.from(Buffer.from(der, 'base64'))
  }

  /** @throws disk-failed */
  async rememberNextCa(caFingerprint: string, der: Uint8Array): Promise<void> {
    await this.#file.update((value) => ({ ...value, next: { ...value.next, [caFingerprint]: Buffer.from(der).toString('base64') } }))
  }

  /** What worked with the CA of this fingerprint before; undefined when nothing did yet. */
  workedWith(caFingerprint: string): WorkedWith | undefined {
    return this.#file.value.worked[caFingerprint]
  }

  /** C-4: remembers what worked, so that a forged answer cannot talk the board into less later. @throws disk-failed */
  async rememberWorked(caFingerprint: string, worked: WorkedWith): Promise<void> {
    const known = this.workedWith(caFingerprint)
    if (known?.digest === worked.digest && known.cipher === worked.cipher) return
    await this.#file.update((value) => ({ ...value, worked: { ...value.worked, [caFingerprint]: worked } }))
  }
}
