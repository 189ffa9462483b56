import { spawnSync } from 'node:child_process'
import { part } from '../support/parts.js'

const systemd = part('systemd-analyze', 'systemd')

systemd.test('the unit keeps the board in a sandbox: an exposure of at most 2.0', (t) => {
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', 'systemd/platen.service'], { encoding: 'utf8' })
  const exposure = /Overall exposure level for platen\.service: ([\d.]+)/.exec(stdout)?.[1]
  t.true(Number(exposure) <= 2.0, `exposure ${exposure ?? 'unknown'}`)
})

systemd.test('the unit has no setting that systemd does not know', (t) => {
  const { stderr } = spawnSync('systemd-analyze', ['verify', 'systemd/platen.service'], { encoding: 'utf8' })
  // What is not installed where the tests run (the program at its final place) is not the unit's fault.
  t.deepEqual(stderr.split('\n').filter((line) => line.includes('platen.service') && /unknown|failed to parse|invalid|ignoring/i.test(line)), [])
})
