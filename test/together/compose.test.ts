import { statePayload, readPayload, replyPayload, responseTopic, topicsOf } from '../../protocol/mqtt/index.js'
import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { milliseconds, seconds } from '../../protocol/time.js'
import { ConsoleDriver, ConsoleSession } from '../../rig/boards/index.js'
import type { ExecutionContext } from 'ava'
import { opensslClient, folder, password, platform } from '../support/board-under-test.js'
import { composeUp } from '../support/compose.js'
import { part } from '../support/parts.js'

const compose = part('podman-compose')
const challenge = 'the challenge of compose'
const place = { site: 'demo', device: 'board.example.com' }
const identity = '/var/lib/broker'

/** A terminal at the TCP port of the board's console. */
async function console(t: ExecutionContext, port: number) {
  // The container of the board may still be starting.
  const deadline = platform.clock.monotonic() + seconds(60)
  for (;;) {
    let session: ConsoleSession | undefined
    try {
      session = new ConsoleSession(await platform.lines.open(`tcp://127.0.0.1:${port}`), platform.clock)
      const keyboard = new ConsoleDriver(session)
      await keyboard.awake(seconds(5))
      await keyboard.attend(password)
      const leave = (): void => session?.close()
      t.teardown(leave)
      const says = async (line: string): Promise<Readonly<Record<string, string>>> => {
        const { result } = await keyboard.command(line, { answers: { [CHALLENGE_PROMPT]: challenge } })
        t.true(result.ok, result.ok ? '' : `${line}: ${result.message}`)
        return result.ok ? result.values : {}
      }
      return { says, leave }
    } catch (error) {
      session?.close()
      if (platform.clock.monotonic() >= deadline) throw error
      await new Promise<void>((resolve) => void platform.clock.after('compose: next try', milliseconds(200), resolve))
    }
  }
}

compose.test('compose.yaml: a person gets a certificate for TLS and one for MQTT, drives the board over the broker, and finds all of it after a restart', async (t) => {
  t.timeout(600_000)
  const { ports, exec, restart } = await composeUp(t, challenge)
  const { says, leave } = await console(t, ports.console)
  await says('comm set url=http://scep/scep port=8080 policy=legacy')
  const { fingerprint = '' } = await says('ca fetch')
  await says(`ca pin ${fingerprint}`)
  t.like(await says('request key-name=web cn=127.0.0.1 use=tls'), { status: 'Successful', enabled: 'true' })
  const caFile = `${await folder(t)}/ca.pem`
  await platform.files.write(caFile, await exec('scep', 'bash', '-c', 'cat /var/lib/scep/depot/ca.pem'))
  const serves = async (): Promise<string> => (await opensslClient({ https: { host: '127.0.0.1', port: ports.https } }, caFile, '-purpose', 'any')).output
  t.regex(await serves(), /Verify return code: 0/)

  // The next person finds the console free.
  leave()
  const next = await console(t, ports.console)
  t.like(await next.says('request key-name=id cn=board.example.com use=mqtt'), { status: 'Successful', enabled: 'true' })
  const ask = async (verb: string): Promise<unknown> => {
    const answer = await exec(
      'broker', 'mosquitto_rr', '-h', 'broker', '-p', '8883', '--cafile', `${identity}/authority.pem`, '--cert', `${identity}/rig.pem`, '--key', `${identity}/rig.key`, '-V', 'mqttv5', '-q', '1', '-W', '30',
      '-t', `${topicsOf(place).commands.slice(0, -1)}${verb}`, '-e', responseTopic(place, 'rig'), '-m', '{}', '-D', 'publish', 'correlation-data', `key of ${verb}`, '-D', 'publish', 'message-expiry-interval', '30',
    )
    return readPayload(replyPayload, Buffer.from(answer.trim()))
  }
  t.like(await ask('status'), { ok: true, verb: 'status' })
  next.leave()

  await restart('board')
  const again = await console(t, ports.console)
  t.like(await again.says('keys show web'), { use: 'tls' })
  t.regex(await serves(), /Verify return code: 0/)
  const state = await exec(
    'broker', 'mosquitto_sub', '-h', 'broker', '-p', '8883', '--cafile', `${identity}/authority.pem`, '--cert', `${identity}/rig.pem`, '--key', `${identity}/rig.key`, '-V', 'mqttv5', '-W', '30', '-C', '1', '-t', topicsOf(place).state,
  )
  t.true(['online', 'lost', 'off'].includes(readPayload(statePayload, Buffer.from(state.trim())).state))
  t.like(await ask('whoami'), { ok: true, verb: 'whoami' })
})
