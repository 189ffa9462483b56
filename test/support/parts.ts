import { spawnSync } from 'node:child_process'
import ava, { type Implementation, type TestFn } from 'ava'

/**
 * A program that the system tests need beside our own code, by the name of its executable.
 * Where it is missing a test is skipped by name; with CI=true it runs and fails, so nothing is left out unseen.
 */
export function part(executable: string, packageName = executable): { readonly present: boolean; readonly test: (title: string, run: Implementation<[]>) => void } {
  const present = spawnSync('sh', ['-c', `command -v ${executable}`]).status === 0
  const serial = ava.serial as TestFn
  return {
    present,
    test(title, run) {
      if (present) serial(title, run)
      else if (process.env['CI'] === 'true') serial(title, (t) => t.fail(`${executable} is missing: install the Debian package ${packageName}`))
      else serial.skip(`${title} (needs ${executable}, Debian package ${packageName})`, run)
    },
  }
}
