// `npm test`: lint, the fast tier, the system tier; ends with the line `N passed, N failed, N skipped`.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tiers = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }

const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0

if (!node('scripts/prepare.mjs')) process.exit(1)
if (tiers.includes('system')) {
  console.log('── lint')
  if (!node('node_modules/eslint/bin/eslint.js', '.')) total.failed += 1
}
for (const tier of tiers) {
  const started = Date.now()
  console.log(`── ${tier} tier`)
  await runTier(tier)
  console.log(`── ${tier} tier took ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)

/**
 * The system tier is `test/together`: real daemons, processes and sockets. It runs one file at a time, each in a
 * process of its own: the native part of serialport aborts Node when it is used on a worker thread.
 */
async function runTier(tier) {
  const files = tier === 'system'
    ? ['--serial', '--concurrency=1', '--no-worker-threads', 'build/test/together/**/*.test.js']
    : ['build/test/**/*.test.js', '!build/test/together/**']
  const child = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...files], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    process.stdout.write(text)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  const count = (pattern) => [...output.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0)
  const failed = count(/^\s+(\d+) (?:tests? failed|hooks? failed|uncaught exceptions?|unhandled rejections?|tests? remained pending.*)$/gm)
  total.passed += count(/^\s+(\d+) tests? passed$/gm)
  total.skipped += count(/^\s+(\d+) tests? skipped$/gm)
  total.failed += code === 0 ? failed : Math.max(failed, 1)
}
