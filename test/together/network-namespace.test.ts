import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { seconds } from '../../protocol/time.js'
import { canMakeNamespaces, layCable, NetworkNamespace } from '../../rig/peers/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'

const { processes } = linuxPlatform()
const rooted = await canMakeNamespaces(processes) || process.env['CI'] === 'true' ? test.serial : test.serial.skip
const limit = seconds(10)
const known = async (): Promise<string> => (await processes.run('ip', ['netns', 'list'], limit)).lines.join('\n')

rooted('two namespaces see each other over their cable, and nobody else does (needs root and iproute2)', async (t) => {
  const left = await NetworkNamespace.make(processes, 'left')
  const right = await NetworkNamespace.make(processes, 'right')
  t.teardown(async () => {
    await left.remove()
    await right.remove()
  })
  await layCable({ namespace: left, interface: 'wire', address: '198.18.7.1/24' }, { namespace: right, interface: 'wire', address: '198.18.7.2/24' })
  const reach = `exec 3<>/dev/tcp/198.18.7.2/9`
  // Nobody listens there: "refused" comes from the other machine, "unreachable" from our own.
  t.regex((await left.processes.run('bash', ['-c', reach], limit)).lines.join(' '), /Connection refused/)
  t.regex((await left.ip('-brief', 'address')).join(' '), /wire@\S+ +UP +198\.18\.7\.1\/24/)
  t.notRegex((await processes.run('ip', ['-brief', 'address'], limit)).lines.join(' '), /198\.18\.7/)
})

rooted('removing a namespace ends what still runs inside, also what left its parent (needs root and iproute2)', async (t) => {
  const namespace = await NetworkNamespace.make(processes, 'busy')
  const started = await namespace.processes.start('sleep', ['600'])
  const { lines } = await namespace.processes.run('sh', ['-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!'], limit)
  await namespace.remove()
  t.is((await started.exited).signal, 'SIGKILL')
  // tail comes to its end when that process does.
  t.is((await processes.run('tail', ['-f', '/dev/null', `--pid=${lines[0]!}`], limit)).code, 0)
  t.notRegex(await known(), /-busy/)
})

rooted('what a crashed run left is removed by the next; what belongs to a running one stays (needs root and iproute2)', async (t) => {
  const gone = spawn('true')
  await once(gone, 'exit')
  const alive = spawn('sleep', ['60'])
  const [crashed, running] = [`platen-${gone.pid!}-crashed`, `platen-${alive.pid!}-running`]
  for (const name of [crashed, running]) await processes.run('ip', ['netns', 'add', name], limit)
  const namespace = await NetworkNamespace.make(processes, 'next')
  const names = await known()
  await namespace.remove()
  await processes.run('ip', ['netns', 'delete', running], limit)
  alive.kill()
  t.notRegex(names, new RegExp(crashed))
  t.regex(names, new RegExp(running))
})

rooted('a namespace that cannot be made says what ip said (needs root and iproute2)', async (t) => {
  const namespace = await NetworkNamespace.make(processes, 'twice')
  const error = await t.throwsAsync(NetworkNamespace.make(processes, 'twice'), { message: /platen-\d+-twice.*exists/ })
  await namespace.remove()
  t.truthy(error)
})
