import { replaceFile, type Disk } from '../platform/index.js'
import { readJournalLine, writeLine, type Header, type NewEvent, type StoreEvent } from './record.js'

/** Largest journal that is read, bytes; compaction keeps it far below. */
const journalLimit = 64 * 1024 * 1024

export interface JournalContent {
  readonly events: readonly StoreEvent[]
  /** Fingerprint of the store key, from the header. */
  readonly storeKey?: string
  /** `torn`: the end of the last write is missing, as a power cut leaves it; `damaged`: anything else. */
  readonly condition: 'missing' | 'whole' | 'torn' | 'damaged'
  readonly bytes: Uint8Array
  /** The number that the next record gets. */
  readonly nextSequence: number
}

/** @throws disk-failed */
export async function readJournal(disk: Disk, path: string): Promise<JournalContent> {
  if (await disk.facts(path) === undefined) return { events: [], condition: 'missing', bytes: new Uint8Array(), nextSequence: 0 }
  const bytes = await disk.read(path, journalLimit)
  const lines = splitLines(bytes)
  const records = lines.map(readJournalLine)
  const found = records.filter((record) => record !== undefined)
  const events = found.filter((record) => record.type !== 'header')
  const [header] = found
  return {
    events,
    condition: conditionOf(lines, records),
    bytes,
    nextSequence: found.reduce((next, { sequence }) => Math.max(next, sequence + 1), 0),
    ...(header?.type === 'header' ? { storeKey: header.storeKey } : {}),
  }
}

/** Lines with their line feeds; the last may lack it. */
function splitLines(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(0x0a, start)
    const end = feed < 0 ? bytes.length : feed + 1
    lines.push(bytes.subarray(start, end))
    start = end
  }
  return lines
}

function conditionOf(lines: readonly Uint8Array[], records: readonly (Header | StoreEvent | undefined)[]): JournalContent['condition'] {
  const firstBad = records.findIndex((record, index) =>
    record === undefined || (index === 0) !== (record.type === 'header') || record.sequence !== (records[0]?.sequence ?? 0) + index)
  const last = lines.at(-1)
  if (last === undefined) return 'torn'
  if (firstBad < 0) return last.at(-1) === 0x0a ? 'whole' : 'torn'
  // What a power cut leaves of one write: its beginning, or zeros; nothing good can follow.
  return firstBad === lines.length - 1 && (last.at(-1) !== 0x0a || last.includes(0)) ? 'torn' : 'damaged'
}

/** The open journal. After a failed write it puts itself right before the next one, so a record is there or not. */
export class Journal {
  readonly #disk: Disk
  readonly #directory: string
  readonly #path: string
  readonly #storeKey: string
  #size: number
  #sequence: number
  #repair: (() => Promise<void>) | undefined

  constructor(disk: Disk, directory: string, path: string, content: JournalContent, storeKey: string) {
    this.#disk = disk
    this.#directory = directory
    this.#path = path
    this.#storeKey = storeKey
    this.#size = content.bytes.length
    this.#sequence = content.nextSequence
  }

  /** Bytes. */
  get size(): number {
    return this.#size
  }

  /** Adds one record; when it returns, the record outlives a power cut. This is the commit. @throws disk-failed */
  async append(event: NewEvent): Promise<StoreEvent> {
    await this.#repair?.()
    const record = { ...event, sequence: this.#sequence }
    const line = writeLine(record)
    this.#repair = () => this.#cut()
    try {
      await this.#disk.append(this.#path, line)
      await this.#disk.syncFile(this.#path)
    } catch (error) {
      await this.#cut().catch(() => undefined)
      throw error
    }
    this.#repair = undefined
    this.#size += line.length
    this.#sequence += 1
    return record
  }

  /** Puts a fresh journal with these events in place of the old. @throws disk-failed; then the old one still counts */
  async rewrite(events: readonly NewEvent[]): Promise<void> {
    await this.#repair?.()
    const records = [
      { type: 'header', format: 1, storeKey: this.#storeKey } as const,
      ...events,
    ].map((record, index) => writeLine({ ...record, sequence: this.#sequence + index }))
    const bytes = Buffer.concat(records)
    // A rename that is not synced yet could fall back under records that are added after it.
    this.#repair = async () => {
      await this.#disk.syncDirectory(this.#directory)
      const content = await readJournal(this.#disk, this.#path)
      this.#size = content.bytes.length
      this.#sequence = content.nextSequence
      this.#repair = undefined
    }
    await replaceFile(this.#disk, this.#path, bytes)
    this.#repair = undefined
    this.#size = bytes.length
    this.#sequence += records.length
  }

  /** Puts a fresh journal in place before the next record is added: what is there now must not be added to. */
  rewriteFirst(events: () => readonly NewEvent[]): void {
    this.#repair = async () => {
      this.#repair = undefined
      try {
        await this.rewrite(events())
      } catch (error) {
        this.rewriteFirst(events)
        throw error
      }
    }
  }

  /** Takes away what a failed append may have left. */
  async #cut(): Promise<void> {
    await this.#disk.truncate(this.#path, this.#size)
    await this.#disk.syncFile(this.#path)
    this.#repair = undefined
  }
}
