// Makes a checkout ready to run: npm packages when they are missing or older than the lock file, then the build.
// Plain JavaScript on purpose: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Platen needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and try again.`)
}

const installed = join(root, 'node_modules/.package-lock.json')
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs) {
  console.error('Installing npm packages …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm could not install the packages; is the registry reachable?')
}
removeOutputsWithoutSource(join(root, 'build'))
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], 'the build failed; see the messages above.')

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
