import type { ResultLine } from '../../../protocol/commands/index.js'
import type { KeyUse } from '../../../protocol/key-use.js'
import { milliseconds, seconds, type Duration } from '../../../protocol/time.js'
import type { Station } from '../station.js'
import { wholeCells } from './shown-table.js'
import type { UseSite } from './use-site.js'

/** What somebody who uses the board saw. */
export interface Seen {
  /** Of the certificate that served, as `keys show` writes it; absent where the peer does not tell. */
  readonly serial?: string
}

/** How a use looks from outside: what it is asked with, and what loads it. */
export interface UseUnderTest {
  readonly use: KeyUse
  /** The words of `request` that say whom the certificate is for: `cn=printer.example.com`. */
  readonly subject: string
  /** Once as its clients do; rejects when it does not serve. */
  readonly ask: () => Promise<Seen>
  /** Commands of the console that show how it is doing; `uses`, `status` and `history 1` are looked at anyway. */
  readonly shownBy?: readonly string[]
  /** Starts again what a power cut took beside the board: daemons that the board does not start itself. */
  readonly startDaemons?: () => Promise<void>
}

/** Between two tries to be served. */
const again = milliseconds(200)

/** device.md section 7: after whatever goes wrong, the key before serves within this. */
export const backWithin = seconds(60)

/** Asks for a certificate and waits until the request has ended, well or not. */
export function requestFor({ use, subject }: UseUnderTest, board: Station, keyName: string): Promise<ResultLine> {
  return board.says(`request key-name=${keyName} ${subject} use=${use}`)
}

/**
 * The serial number of a key's certificate, as the board has it.
 * @throws key-not-found
 */
export async function serialOf(board: Station, keyName: string): Promise<string> {
  return (await board.does(`keys show ${keyName}`))['serial'] ?? ''
}

/** Whether it is served with this certificate, as far as the peer tells. */
export const served = (serial: string) => (seen: Seen): boolean => seen.serial === undefined || seen.serial === serial

/**
 * Asks until it is served as wanted.
 * @returns how long that took, ms; undefined when it did not come to that within the limit
 */
export async function servedWithin({ bench }: UseSite, { ask }: Pick<UseUnderTest, 'ask'>, wanted: (seen: Seen) => boolean, limit: Duration = backWithin): Promise<number | undefined> {
  const from = bench.time.monotonic()
  for (;;) {
    const seen = await ask().catch(() => undefined)
    const took = bench.time.monotonic() - from
    if (took > limit) return undefined
    if (seen !== undefined && wanted(seen)) return took
    await bench.pass(again)
  }
}

/** All that the board tells a person of the use and of the newest request. */
export async function whatIsShown({ shownBy = [] }: UseUnderTest, board: Station): Promise<string> {
  const shown: string[] = []
  for (const line of ['uses', 'status', 'history 1', ...shownBy]) {
    const { lines, result } = await board.types(line)
    shown.push(...wholeCells(lines), ...(result.ok ? Object.entries(result.values).map(([name, value]) => `${name}=${value}`) : [result.message]))
  }
  return shown.join('\n')
}

/** Takes the power away and gives it back. */
export async function powerCycle(site: UseSite, { startDaemons }: UseUnderTest): Promise<void> {
  await site.cutPower()
  await startDaemons?.()
  await site.board.board.powerOn()
}
