// Makes a checkout ready to run: npm packages when they are missing or older than the lock file, then the build.
// Plain JavaScript on purpose: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Platen needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and try again.`)
}

if (!packagesMatchLockFile()) {
  // npm would empty the folder behind the link, which belongs to another checkout.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) fail('node_modules is a link and does not match package-lock.json; run npm ci where it leads to.')
  console.error('Installing npm packages …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm could not install the packages; is the registry reachable?')
}
removeOutputsWithoutSource(join(root, 'build'))
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], 'the build failed; see the messages above.')

/** npm keeps a record of what it installed; optional packages of other platforms are missing from it by right. */
function packagesMatchLockFile() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
  const installed = packages(record)
  return Object.entries(packages(join(root, 'package-lock.json')))
    .every(([path, wanted]) => path === '' || (installed[path]?.version ?? (wanted.optional ? wanted.version : undefined)) === wanted.version)
}

/** `tsc -b` leaves the output of a deleted source behind, and ava would run it. */
function removeOutputsWithoutSource(directory) {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.js')) continue
    const output = join(entry.parentPath ?? entry.path, entry.name)
    const source = join(root, relative(directory, output)).replace(/\.js$/, '.ts')
    if (!existsSync(source)) for (const ending of ['.js', '.js.map', '.d.ts']) rmSync(output.replace(/\.js$/, ending), { force: true })
  }
}

function run(command, args, complaint) {
  // npm writes its progress to stdout; ours is the program's own.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) fail(error ? `${complaint} (${error.message})` : complaint)
}

function fail(message) {
  console.error(`platen: ${message}`)
  process.exit(1)
}
