import type { Disk } from '../../firmware/platform/index.js'
import type { Mutant } from './mutant.js'

/** A disk on which a file is not found by the first who reads it: as if it had never reached the disk. */
function losing(disk: Disk, lost: string): Disk {
  let first = true
  return new Proxy(disk, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...given: readonly unknown[]): Promise<unknown> => {
        if (given[0] === lost && first) {
          first = false
          if (await target.facts(lost) !== undefined) await target.remove(lost)
        }
        return Reflect.apply(member, target, given)
      }
    },
  })
}

export const memoryMutants: readonly Mutant[] = [
  {
    name: 'forgets the history', flaw: 'the request status does not reach the disk before the power goes', scenario: 'history-of-20', verdict: 'history survives a restart',
    vary: (platform) => ({ ...platform, disk: losing(platform.disk, '/data/issuance.json') }),
  },
  {
    name: 'forgets why it restarts', flaw: 'the request for a restart is not written down', scenario: 'restart-after-acquiring', verdict: 'the restart has its reason',
    vary: (platform) => ({ ...platform, disk: losing(platform.disk, '/data/run.json') }),
  },
]
