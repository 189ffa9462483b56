import test from 'ava'
import { LinuxProcesses } from '../../../firmware/platform/index.js'
import { seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/index.js'

test('a program runs to its end, with its exit code and what it wrote', async (t) => {
  const { code, lines } = await new LinuxProcesses(new VirtualClock(0)).run(process.execPath, ['-e', 'console.log("out"); console.error("err"); process.exit(3)'], seconds(10))
  t.is(code, 3)
  t.deepEqual([...lines].sort(), ['err', 'out'])
})

test('a program that takes too long is killed, with all that it started', async (t) => {
  const clock = new VirtualClock(0)
  const run = new LinuxProcesses(clock).run('sh', ['-c', 'sleep 1000 & wait'], seconds(2))
  while (clock.timers().length === 0) await clock.advance(seconds(0))
  await clock.advance(seconds(2))
  await t.throwsAsync(run, { code: 'timed-out' })
})

test('a program that is not there is told by name', async (t) => {
  const processes = new LinuxProcesses(new VirtualClock(0))
  await t.throwsAsync(processes.start('no-such-program', []), { code: 'connect-failed', message: /no-such-program/ })
  t.false(await processes.has('no-such-program'))
  t.true(await processes.has('sh'))
})

test('a program has ended when a daemon that it left behind still holds its output', async (t) => {
  const clock = new VirtualClock(0)
  const run = new LinuxProcesses(clock).run('sh', ['-c', 'setsid sleep 1000 & echo $!'], seconds(10))
  while (!clock.timers().some(({ name }) => name === 'read what sh left')) await clock.advance(seconds(0))
  await clock.advance(seconds(1))
  const { code, lines } = await run
  t.is(code, 0)
  process.kill(Number(lines[0]), 'SIGKILL')
})

test('lines come whole, whatever their ends and the pieces they are written in', async (t) => {
  const program = 'const parts = ["on", "e\\r\\ntw", "o\\n\\n", "\u00fc"]; const next = () => { const part = parts.shift(); if (part !== undefined) process.stdout.write(part, () => setImmediate(next)) }; next()'
  const { lines } = await new LinuxProcesses(new VirtualClock(0)).run(process.execPath, ['-e', program], seconds(10))
  t.deepEqual(lines, ['one', 'two', '', 'ü'])
})

test('a line without an end does not fill the memory', async (t) => {
  const { lines } = await new LinuxProcesses(new VirtualClock(0)).run('sh', ['-c', 'head -c 8000000 /dev/zero | tr "\\0" x; echo; echo last'], seconds(10))
  t.deepEqual(lines.map(({ length }) => length), [16 * 1024, 4])
})
