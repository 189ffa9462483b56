import test from 'ava'
import { seconds } from '../../protocol/time.js'
import { missingParts } from '../../rig/peers/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { outcomeOfScenario } from '../../rig/reports/index.js'
import { play, ProcessWorld, type Scenario } from '../../rig/scenarios/index.js'
import { fact } from '../../rig/scenarios/findings.js'
import { UseSite } from '../../rig/scenarios/uses/use-site.js'
import { spellVerdicts } from '../support/small-scenarios.js'

const platform = linuxPlatform()
const missing = await missingParts(platform, ['network namespaces'])
const rooted = missing.length === 0 || process.env['CI'] === 'true' ? test.serial : test.serial.skip

const scenario = (name: string, run: Scenario['run'], more: Partial<Scenario> = {}): Scenario => ({ name, promise: 'to be tried', clocks: ['real'], boards: 1, run, ...more })

const playOne = async (one: Scenario) => play(one, await ProcessWorld.open(platform, { kind: 'real', scale: 1 }), { seed: 'test', replay: '', wall: platform.clock })

rooted('a board in a network of its own enrols over the cable to the rig, is cut off with all that runs there, and nothing is left (needs root and iproute2)', async (t) => {
  const names: string[] = []
  const result = await playOne(scenario('own-network', async (bench) => {
    const site = await UseSite.open(bench, { network: 'own' })
    names.push(site.home.name)
    const board = await site.switchOn()
    const issued = await board.does('request key-name=first cn=printer.example.com use=tls')
    const { host, port } = board.board.https
    const client = site.machine.httpsClient({ host, port, timeout: seconds(5) }, 'fresh')
    const { status } = await client.get('/')
    const bystander = await site.home.processes.start('sleep', ['600'])
    await site.cutPower()
    const { signal } = await bystander.exited
    await board.board.powerOn()
    const { 'tls-key': serving } = await board.does('status')
    return { verdicts: [fact('works', 'all of it', issued['enabled'] === 'true' && status < 400 && !host.startsWith('127.') && signal === 'SIGKILL' && serving === 'first', `${status} ${host} ${String(signal)} ${serving ?? ''}`)] }
  }, { parts: ['network namespaces'] }))
  t.is(outcomeOfScenario(result), 'pass', spellVerdicts(result))
  t.false((await platform.processes.run('ip', ['netns', 'list'], seconds(5))).lines.some((line) => line.startsWith(names[0]!)))
})

test.serial('where something is missing that a scenario needs, the rig has trouble that names what to install, and no verdict', async (t) => {
  const { processes } = platform
  const bare = { ...platform, processes: { start: processes.start.bind(processes), run: processes.run.bind(processes), has: () => Promise.resolve(false) } }
  const one = scenario('needy', () => Promise.reject(new Error('must not be run')), { parts: ['network namespaces', 'hostapd'] })
  const result = await play(one, await ProcessWorld.open(bare, { kind: 'real', scale: 1 }), { seed: 'test', replay: '', wall: platform.clock })
  t.is(outcomeOfScenario(result), 'infrastructure')
  t.is(result.trouble?.message, 'this machine does not have network namespaces (root, Debian package iproute2), hostapd (Debian package hostapd)')
})
