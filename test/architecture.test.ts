import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'ava'

const parts = ['protocol', 'firmware', 'rig', 'benchmark']
const sources = parts.flatMap((part) => readdirSync(part, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(part, name)))

interface Import {
  readonly from: string
  readonly to: string
}

const imports: readonly Import[] = sources.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map((match) => ({ from, to: normalize(join(dirname(from), match[1]!)).replace(/\.js$/, '.ts') })))

/** `firmware/scep/client.ts` lives in `firmware/scep`; `protocol` and `benchmark` are one room each. */
function roomOf(file: string): string {
  const [part, folder, ...rest] = file.split('/')
  return part === 'protocol' || part === 'benchmark' || rest.length === 0 ? part! : `${part}/${folder}`
}

const table = new Map(readFileSync('README.md', 'utf8')
  .split('## Who may import whom')[1]!.split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [from = [], allowed = []] = line.split('|').slice(1).map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))
    return [from[0]!, allowed] as const
  }))

/** The two platform folders are the only doors to time, randomness, disk, network and processes. */
const doors = (file: string): boolean => file.startsWith('firmware/platform/') || file.startsWith('rig/platform/')

test('every room has a row in the import table of README', (t) => {
  t.deepEqual([...new Set(sources.map(roomOf))].filter((room) => !table.has(room)), [])
})

test('rooms import only what the table in README allows', (t) => {
  const forbidden = imports.filter(({ from, to }) => {
    const [here, there] = [roomOf(from), roomOf(to)]
    // A file with a row of its own may do what its row says, whatever its folder may.
    const allowed = table.get(from) ?? table.get(here) ?? []
    return here !== there && !allowed.some((pattern) => pattern === there || (pattern.endsWith('/*') && (there === pattern.slice(0, -2) || there.startsWith(pattern.slice(0, -1)))))
  })
  t.deepEqual(forbidden, [])
})

test('a row for a single file is for a file that exists', (t) => {
  t.deepEqual([...table.keys()].filter((name) => name.endsWith('.ts') && !sources.includes(name)), [])
})

test('a folder is entered through its index.ts', (t) => {
  const sideDoors = imports.filter(({ from, to }) =>
    dirname(from) !== dirname(to) && !to.endsWith('/index.ts') && !/^protocol\/[^/]+$/.test(to)
    && !(roomOf(from) === roomOf(to) && from.startsWith(dirname(to))))
  t.deepEqual(sideDoors.filter(({ to }) => to.split('/').length > 2), [])
})

test('no circle of imports', (t) => {
  const targets = new Map<string, string[]>()
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to])
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    const circle = (targets.get(file) ?? []).map((next) => visit(next, [...path, file])).find((found) => found.length > 0) ?? []
    done.add(file)
    return circle
  }
  t.deepEqual(sources.map((file) => visit(file, [])).find((circle) => circle.length > 0) ?? [], [])
})

test('time, randomness, disk, network and processes come through ports', (t) => {
  const world = /\b(?:Date\.now|new Date\(\)|setTimeout|setInterval|setImmediate|Math\.random|performance\.now|randomBytes)\b|from '(?:node:)?(?:fs|fs\/promises|child_process|net|tls|dgram|http|https|os|dns)'/
  const found = sources.filter((file) => !file.startsWith('benchmark/') && !doors(file)).flatMap((file) =>
    readFileSync(file, 'utf8').split('\n').flatMap((line, index) => (world.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])))
  t.deepEqual(found, [])
})

test('firmware never imports rig, and neither imports benchmark or test', (t) => {
  t.deepEqual(imports.filter(({ from, to }) =>
    (from.startsWith('firmware/') && to.startsWith('rig/')) || (!from.startsWith('benchmark/') && /^(benchmark|test)\//.test(to))), [])
})
