import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { linuxSerial } from '../../firmware/platform/index.js'
import { part } from '../support/parts.js'

const socat = part('socat')

/** Two terminals, joined. */
async function ptyPair(t: ExecutionContext): Promise<{ ends: readonly [string, string]; process: ChildProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'platen-pty-'))
  const ends = [join(folder, 'one'), join(folder, 'two')] as const
  const process = spawn('socat', ['-d', '-d', `pty,rawer,link=${ends[0]}`, `pty,rawer,link=${ends[1]}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(process, 'close')
  t.teardown(async () => {
    process.kill()
    await ended
    rmSync(folder, { recursive: true })
  })
  for await (const text of process.stderr.setEncoding('utf8')) if (String(text).includes('starting data transfer loop')) break
  return { ends, process }
}

socat.test('a terminal device carries bytes both ways, is let go when it is destroyed, and can be opened again', async (t) => {
  const { ends } = await ptyPair(t)
  const other = await linuxSerial.open(ends[1], 115_200)
  t.teardown(() => other.destroy())
  for (const word of ['once', 'again']) {
    const line = await linuxSerial.open(ends[0], 115_200)
    line.write(word)
    const [bytes] = await once(other, 'data') as [Buffer]
    t.is(bytes.toString('utf8'), word)
    line.destroy()
    await once(line, 'close')
  }
})

socat.test('what was written before the end of a line arrives at the other end', async (t) => {
  const { ends } = await ptyPair(t)
  const [line, other] = [await linuxSerial.open(ends[0], 115_200), await linuxSerial.open(ends[1], 115_200)]
  t.teardown(() => other.destroy())
  let text = ''
  const all = new Promise<void>((resolve) => other.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    if (text.length === 20_000) resolve()
  }))
  line.write('x'.repeat(20_000))
  line.end()
  await once(line, 'finish')
  await all
  line.destroy()
  t.is(text, 'x'.repeat(20_000))
})

socat.test('a device that goes away ends its line', async (t) => {
  const { ends, process } = await ptyPair(t)
  const line = await linuxSerial.open(ends[0], 115_200)
  line.on('error', () => undefined).resume()
  const closed = once(line, 'close')
  process.kill('SIGKILL')
  await closed
  line.destroy()
  t.pass()
})

socat.test('a device that went away before anybody read ends its line (it read nothing, again and again, until the memory was full)', async (t) => {
  const { ends, process } = await ptyPair(t)
  const line = await linuxSerial.open(ends[0], 115_200)
  line.on('error', () => undefined)
  const closed = once(line, 'close')
  process.kill('SIGKILL')
  await once(process, 'exit')
  line.resume()
  await closed
  line.destroy()
  t.pass()
})
