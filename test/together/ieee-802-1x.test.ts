import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Processes, RunningProcess } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { answerOcsp, ca, cabled, platform, wired, wiredDevice } from '../support/wired-port.js'

/** Runs a swap that must fail. @returns its error and how long it took, seconds */
async function failing(swap: Promise<unknown>): Promise<{ readonly error: PlatenError; readonly took: number }> {
  const from = platform.clock.monotonic()
  const error = await swap.then(() => new Error('it succeeded'), (thrown: unknown) => thrown)
  if (!(error instanceof PlatenError)) throw error
  return { error, took: (platform.clock.monotonic() - from) / 1000 }
}

/** Lets a test get at the daemons that are started. */
function watching(processes: Processes): { readonly watched: Processes; readonly daemons: readonly RunningProcess[] } {
  const daemons: RunningProcess[] = []
  const start: Processes['start'] = async (...given) => {
    const started = await processes.start(...given)
    daemons.push(started)
    return started
  }
  return { watched: { ...processes, start }, daemons }
}

wired('device.md 7: a key is put to IEEE 802.1X, and the port opens for its certificate; a renewal authenticates anew', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { put, uses, runtime } = await wiredDevice(t, device.processes)
  t.deepEqual(await put('first', { serial: 'A1' }), { enabled: true, caveats: [] })
  t.is(port.admissions.at(-1)?.serial, 'A1')
  t.like((await uses.list())[0], { use: 'ieee-802-1x', key: 'first', state: 'serving', detail: 'Authenticated as printer.example.com on eth0.' })

  t.deepEqual(await put('second', { serial: 'A2' }), { enabled: true, caveats: [] })
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['A1', 'A2'])
  t.is(port.admissions.at(-1)?.subject, '/CN=printer.example.com')

  const files = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).map((name) => join(runtime, name)).filter((name) => statSync(name).isFile())
  t.is(files.length, 7)
  t.deepEqual(files.filter((name) => (statSync(name).mode & 0o077) !== 0), [])
  await port.close()
})

wired('device.md 7: a certificate that the peer refuses is taken back, and the key before is let in again within 60 s', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { put, uses, store, driver } = await wiredDevice(t, device.processes)
  await put('old', { serial: 'B1' })
  const { error, took } = await failing(put('new', { serial: 'B2', foreign: true }))
  t.is(error.code, 'probe-failed')
  t.regex(error.message, /the authentication server refused/)
  t.true(took < 60, `${took} s`)
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['B1', 'B1'])
  t.is(port.refusals(), 1)
  t.is(store.keyFor('ieee-802-1x')?.name, 'old')
  t.is(driver.current(), store.find('old')?.id)
  t.like((await uses.list())[0], { key: 'old', state: 'serving' })
  t.deepEqual(store.problems(), [])
  t.log(`old key let in again ${took.toFixed(1)} s after the swap began`)
  await port.close()
})

wired('device.md 7: an expired certificate that a clock not set let pass is refused by the peer, and taken back', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { clock } = platform
  const unset = { monotonic: () => clock.monotonic(), wall: () => clock.wall(), state: () => 'unset' as const, after: clock.after.bind(clock), onStep: clock.onStep.bind(clock), timers: () => clock.timers() }
  const { put, store, uses } = await wiredDevice(t, device.processes, { clock: unset })
  await put('old', { serial: 'C1' })
  const { error, took } = await failing(put('new', { serial: 'C2', expired: true }))
  t.is(error.code, 'probe-failed')
  t.regex(error.message, /the authentication server refused/)
  t.true(took < 60, `${took} s`)
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['C1', 'C1'])
  t.is(store.keyFor('ieee-802-1x')?.name, 'old')
  t.like((await uses.list())[0], { key: 'old', state: 'serving' })
  await port.close()
})

wired('fail closed: an authentication server of a CA that was not chosen, or of another name, is not answered', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { put, settings, uses } = await wiredDevice(t, device.processes)
  await put('old', { serial: 'D1' })
  const allowed = port.admissions.length
  for (const [update, reason, words] of [
    [{ caNames: ['foreign'] }, 'peer-not-trusted', /server is not trusted: it does not lead to a chosen CA/],
    [{ caNames: ['network'], serverName: 'other.example.com' }, 'peer-name-mismatch', /server is not trusted: its name is not the one that was set/],
  ] as const) {
    await settings.update(update)
    const { error } = await failing(uses.refresh('ieee-802-1x'))
    t.regex(error.message, words)
    t.like((await uses.list())[0], { state: 'failed', reason })
    // The authenticator is deaf for some seconds after a failure.
    await port.quiet()
  }
  t.is(port.admissions.length, allowed)
  await port.close()
})

wired('OCSP: a server that staples nothing is refused where a response is required; one whose certificate is revoked is refused where it staples that', async (t) => {
  const { device, authenticator, folder } = await cabled(t)
  const stapled = join(folder, 'response.der')
  const port = await authenticator(ca, { stapled })
  const { put, settings, uses } = await wiredDevice(t, device.processes)
  await settings.update({ revocation: 'required' })
  const { error } = await failing(put('only', { serial: 'F1' }))
  t.is(error.facts['reason'], 'peer-revocation')
  t.deepEqual(port.admissions, [])
  await port.quiet()
  await answerOcsp(folder, stapled, 'good')
  t.deepEqual(await put('second', { serial: 'F2' }), { enabled: true, caveats: [] })

  await settings.update({ revocation: 'if-stapled' })
  await answerOcsp(folder, stapled, 'revoked')
  t.is((await failing(uses.refresh('ieee-802-1x'))).error.facts['reason'], 'peer-revocation')
  t.like((await uses.list())[0], { state: 'failed', reason: 'peer-revocation' })
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['F2'])
  await port.quiet()
  rmSync(stapled)
  await uses.refresh('ieee-802-1x')
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['F2', 'F2'])
  await port.close()
})

wired('device.md 7: a daemon that hangs in service is told in the status and replaced, and the port is open again within 60 s', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { watched, daemons } = watching(device.processes)
  const { put, uses } = await wiredDevice(t, watched)
  await put('only', { serial: 'A7' })
  const from = platform.clock.monotonic()
  const admitted = port.nextAdmission()
  process.kill(daemons[0]!.pid, 'SIGSTOP')
  t.like((await uses.list())[0], { use: 'ieee-802-1x', key: 'only', state: 'failed', reason: 'daemon-failed', detail: 'Not authenticated: wpa_supplicant does not answer.' })
  t.is((await admitted).serial, 'A7')
  const took = (platform.clock.monotonic() - from) / 1000
  t.true(took < 60, `${took} s`)
  t.log(`open again ${took.toFixed(1)} s after the daemon hung`)
  t.is((await daemons[0]!.exited).signal, 'SIGKILL')
  await port.close()
})

wired('the capabilities that the systemd unit gives with its drop-in are enough for wpa_supplicant, and without the drop-in they are not', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const capabilities = (file: string): readonly string[] => /^AmbientCapabilities=(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(' ') ?? []
  const [unit, dropIn] = [capabilities('systemd/platen.service'), capabilities('systemd/platen.service.d/ieee-802-1x.conf')]
  const confinedTo = (names: readonly string[]): Processes => {
    const set = `--bounding-set=${['-all', ...names.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join(',')}`
    return { ...device.processes, start: (command, args, options) => device.processes.start('setpriv', [set, '--no-new-privs', command, ...args], options) }
  }
  const bare = await wiredDevice(t, confinedTo(unit))
  t.regex((await failing(bare.put('only', { serial: 'A8' }))).error.message, /wpa_supplicant ended/)
  const { put } = await wiredDevice(t, confinedTo([...unit, ...dropIn]))
  t.deepEqual(await put('only', { serial: 'A9' }), { enabled: true, caveats: [] })
  t.deepEqual(port.admissions.map(({ serial }) => serial), ['A9'])
  await port.close()
})

wired('a daemon that hangs is replaced during the swap, and one that is killed comes back with the key that is assigned', async (t) => {
  const { device, authenticator } = await cabled(t)
  const port = await authenticator(ca)
  const { watched, daemons } = watching(device.processes)
  const { put } = await wiredDevice(t, watched)
  await put('old', { serial: 'E1' })
  process.kill(daemons[0]!.pid, 'SIGSTOP')
  const from = platform.clock.monotonic()
  t.deepEqual(await put('new', { serial: 'E2' }), { enabled: true, caveats: [] })
  t.true(platform.clock.monotonic() - from < 60_000)
  t.is((await daemons[0]!.exited).signal, 'SIGKILL')
  const admitted = port.nextAdmission()
  daemons[1]!.signal('SIGKILL')
  t.is((await admitted).serial, 'E2')
  t.is(daemons.length, 3)
  await port.close()
})
