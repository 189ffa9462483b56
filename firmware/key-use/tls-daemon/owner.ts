import { PlatenError } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import type { FileAccess, Processes } from '../../platform/index.js'

type Owner = Pick<FileAccess, 'uid' | 'gid'>

/**
 * Looks up `user`, `user:group` or `:group`; a user alone brings the group that is his own. By `getent`, which knows
 * users that are in no file too.
 * @throws use-cannot-serve when there is no such user or group
 */
export async function lookUpOwner(processes: Processes, owner: string | undefined): Promise<Owner> {
  if (owner === undefined) return {}
  const [user = '', group] = owner.split(':')
  const [, , uid, gid] = user === '' ? [] : await entry(processes, 'passwd', user, 'user')
  const [, , other] = group === undefined ? [] : await entry(processes, 'group', group, 'group')
  const found = other ?? gid
  return { ...(uid === undefined ? {} : { uid: Number(uid) }), ...(found === undefined ? {} : { gid: Number(found) }) }
}

/** The fields of a line of /etc/passwd or /etc/group. */
async function entry(processes: Processes, table: 'passwd' | 'group', name: string, what: string): Promise<readonly string[]> {
  const { code, lines } = await processes.run('getent', [table, name], seconds(3))
  const line = lines.at(-1)
  if (code === 0 && line !== undefined) return line.split(':')
  throw new PlatenError('use-cannot-serve', `this machine has no ${what} "${name}"`, { facts: { [what]: name }, fix: 'Correct the owner of the daemon in the config, or install what makes it.' })
}
