import { execFileSync } from 'node:child_process'
import test from 'ava'

test('npm run dev runs the sources without a build, by ts-node (its options did not fit the solution file of the parts)', (t) => {
  const listed = execFileSync(process.execPath, ['--import', './scripts/ts-node.mjs', 'rig/main.ts', 'list'], { encoding: 'utf8' })
  t.regex(listed, /start-time-kept/)
})
