import { measureBoard } from './board.js'
import { measureEnrolment } from './enrolment.js'
import { measureKeyStore } from './key-store.js'
import { measureScepServers, type ScepServerRow } from './scep-server.js'
import { measureSwaps } from './swap.js'
import { measureVirtualTime } from './virtual-time.js'

type Row = Readonly<Record<string, string | number | undefined>>

interface Section {
  readonly name: string
  readonly title: string
  readonly measure: () => Promise<readonly Row[]>
}

const sections: readonly Section[] = [
  { name: 'enrolment', title: 'Client cost of one enrolment with the key ready, against its floor: the private RSA operations it must do', measure: async () => (await measureEnrolment()).map((row) => ({ ...row })) },
  { name: 'scep-server', title: "The rig's SCEP server against Debian's scepserver: same load, RSA-2048 CA, one server at a time", measure: async () => withRatio(await measureScepServers()) },
  { name: 'board', title: 'The board: time from exec to prompt and idle memory, against bare Node', measure: async () => (await measureBoard()).map((row) => ({ ...row })) },
  { name: 'key-store', title: 'Key store: commits on this disk, against one appended and synced record', measure: async () => (await measureKeyStore()).map((row) => ({ ...row })) },
  { name: 'swap', title: 'The exchange of a key for each use, under load: certificate received to probe passed against one idle handshake, and the service gap', measure: async () => (await measureSwaps()).map((row) => ({ ...row })) },
  { name: 'virtual-time', title: 'The rig: time on a scenario\'s clock against time on the wall', measure: async () => (await measureVirtualTime()).map((row) => ({ ...row })) },
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !sections.some((section) => section.name === name))
if (unknown.length > 0) {
  console.error(`bench: no section ${unknown.join(', ')}; there are ${sections.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
for (const { name, title, measure } of sections) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${title}`)
  console.table((await measure()).map(rounded))
}

/** Each of our rows against the peer's with as many connections. */
function withRatio(rows: readonly ScepServerRow[]): readonly Row[] {
  return rows.map((row) => {
    const peer = rows.find(({ server, connections }) => server !== row.server && connections === row.connections)
    return { ...row, ratio: row.server === 'platen' && peer !== undefined ? row.perSecond / peer.perSecond : undefined }
  })
}

function rounded(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value]))
}
