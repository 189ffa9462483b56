import test, { type ExecutionContext } from 'ava'
import { startScepServer } from '../../rig/scep-server/index.js'
import { FrameLine, SmpBoard, type ProcessBoard } from '../../rig/boards/index.js'
import { runCommandLine } from '../../rig/cli/index.js'
import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { seconds } from '../../protocol/time.js'
import { boardUnderTest, connectBoard, password, platform } from '../support/board-under-test.js'

const challenge = 'open sesame 1234'

/** A board that trusts the rig's SCEP server, with its serial line free for somebody else. */
async function enrolled(t: ExecutionContext): Promise<ProcessBoard> {
  const server = await startScepServer({ platform, challenge: { mode: 'static', password: challenge } })
  t.teardown(() => server.close())
  const board = await boardUnderTest(t)
  await connectBoard(t, board, server)
  board.detach()
  return board
}

async function onLine(t: ExecutionContext, path: string): Promise<FrameLine> {
  const line = new FrameLine(await platform.lines.open(path), { clock: platform.clock, random: platform.random })
  t.teardown(() => line.close())
  return line
}

test.serial('the field engineer requests a certificate by frames, from the command line of the rig to the board that serves it', async (t) => {
  const board = await enrolled(t)
  const out: string[] = []
  const environment = { ...process.env }
  Object.assign(process.env, { PLATEN_PASSWORD: password, PLATEN_CHALLENGE: challenge })
  t.teardown(() => {
    process.env = environment
  })
  const write = (line: string): void => void out.push(line)
  const words = ['key-name=office', 'cn=127.0.0.1', 'use=tls', 'organization=Example Ltd']
  t.is(await runCommandLine(platform, ['issue', board.line.hostPath, ...words], { write, complain: write }), 0, out.join('\n'))
  t.true(out.includes('Status: Successful'))
  t.true(out.some((line) => line.startsWith('Making a 2048-bit key')))
  t.notRegex(out.join('\n'), /sesame/)
  t.is(await runCommandLine(platform, ['issue', board.line.hostPath, ...words], { write, complain: write }), 1)
  t.regex(out.join('\n'), /\[key-name-taken\]/)
})

test.serial('the same verbs give the same outcome by frames as on the console, and a restart ends the session', async (t) => {
  const board = await enrolled(t)
  const line = await onLine(t, board.line.hostPath)
  const machine = new SmpBoard('by frames', line)
  await machine.signIn(password)
  t.like(await machine.command('comm show'), { result: { ok: true, values: { timeout: '5' } } })
  t.like(await machine.command('keys lst'), { result: { ok: false, code: 'unknown-verb' } })
  const issued = await machine.command('request key-name=web cn=127.0.0.1 use=tls', { answers: { [CHALLENGE_PROMPT]: challenge } })
  t.like(issued, { result: { ok: true, values: { status: 'Successful' } } })
  t.true(issued.lines.length > 2)
  t.like(await machine.command('restart'), { result: { ok: true } })
  await line.client.echo('are you there again?', seconds(60))
  t.like(await machine.command('whoami'), { result: { ok: false, code: 'not-signed-in' } })
  await machine.attend(password)
  t.like(await machine.command('keys show web'), { result: { ok: true } })
})
