import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import { part } from '../support/parts.js'

const systemd = part('systemd-analyze', 'systemd')
const dropIns = readdirSync('systemd/platen.service.d')

/** A machine's root with the unit and some of its drop-ins installed. */
function installed(t: ExecutionContext, some: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'platen-unit-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const units = join(root, 'etc/systemd/system')
  mkdirSync(join(units, 'platen.service.d'), { recursive: true })
  cpSync('systemd/platen.service', join(units, 'platen.service'))
  for (const name of some) cpSync(join('systemd/platen.service.d', name), join(units, 'platen.service.d', name))
  return root
}

function exposure(root: string): number {
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', `--root=${root}`, 'platen.service'], { encoding: 'utf8' })
  return Number(/Overall exposure level for platen\.service: ([\d.]+)/.exec(stdout)?.[1])
}

systemd.test('the unit keeps the board in a sandbox: an exposure of at most 2.0, with what its uses need as well', (t) => {
  const sets = [[], ...dropIns.map((name) => [name]), dropIns]
  const found = sets.map((some) => ({ some, exposure: exposure(installed(t, some)) }))
  t.log(found.map(({ some, exposure: level }) => `${['platen.service', ...some].join(' + ')}: ${level}`).join(', '))
  t.deepEqual(found.filter(({ exposure: level }) => !(level <= 2.0)), [])
  // Read at all: a packet socket costs something.
  t.true(found.find(({ some }) => some[0] === 'ieee-802-1x.conf')!.exposure > found[0]!.exposure)
})

systemd.test('the unit and its drop-ins have no setting that systemd does not know', (t) => {
  const { stderr } = spawnSync('systemd-analyze', ['verify', `--root=${installed(t, dropIns)}`, 'platen.service'], { encoding: 'utf8' })
  // What is not installed where the tests run (the program at its final place) is not the unit's fault.
  t.deepEqual(stderr.split('\n').filter((line) => line.includes('platen.service') && /unknown|failed to parse|invalid|ignoring/i.test(line)), [])
})

/** What a file of rules for polkit says of an action. */
function ruleOf(file: string): (verb: string, unit: string, user?: string, id?: string) => string | undefined {
  type Rule = (action: { readonly id: string; lookup(name: string): string | undefined }, subject: { readonly user: string }) => string | undefined
  const rules: Rule[] = []
  runInNewContext(readFileSync(`systemd/polkit-1/${file}`, 'utf8'), { polkit: { Result: { YES: 'yes' }, addRule: (rule: Rule) => rules.push(rule) } })
  return (verb, unit, user = 'platen', id = 'org.freedesktop.systemd1.manage-units') => rules[0]!({ id, lookup: (name) => ({ verb, unit })[name] }, { user })
}

test('the rule for polkit lets the board reload what serves its key, and nothing else', (t) => {
  const may = ruleOf('50-platen.rules')
  t.is(may('reload', 'nginx.service'), 'yes')
  for (const other of [may('stop', 'nginx.service'), may('reload', 'ssh.service'), may('reload', 'nginx.service', 'lp'), may('reload', 'nginx.service', 'platen', 'org.freedesktop.login1.reboot')]) t.is(other, undefined)
})

test('the rule for polkit lets the board start strongSwan again, and nothing else', (t) => {
  const may = ruleOf('51-platen-ipsec.rules')
  t.is(may('restart', 'strongswan.service'), 'yes')
  for (const other of [may('stop', 'strongswan.service'), may('restart', 'ssh.service'), may('restart', 'strongswan.service', 'lp'), may('restart', 'strongswan.service', 'platen', 'org.freedesktop.login1.reboot')]) t.is(other, undefined)
})
