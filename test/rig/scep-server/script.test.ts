import fc from 'fast-check'
import test from 'ava'
import { hasCode, type PlatenError } from '../../../protocol/errors.js'
import { checkScript, readScript } from '../../../rig/scep-server/index.js'
import { rigServer } from '../../support/rig-server.js'
import type { RawScepClient } from '../../support/raw-scep-client.js'

const bad: Readonly<Record<string, readonly [text: string, path: string, says: RegExp]>> = {
  'a list without its name': ['- refuse', '', /expected object/],
  'an unknown key beside the list': ['faults: []\nsede: 3', 'sede', /no such option/],
  'a seed that is no whole number': ['seed: 1.5\nfaults: []', 'seed', /int/],
  'an unknown fault': ['faults: [refuse, refuze]', 'faults[1].fault', /there is no fault "refuze"/],
  'a fault named like a thing every object has': ['faults: [constructor]', 'faults[0].fault', /there is no fault "constructor"/],
  'a fault without a name': ['faults: [{times: 3}]', 'faults[0].fault', /expected string/],
  'a misspelt option': ['faults: [refuse, {fault: pending, tims: 3}]', 'faults[1].tims', /no such option/],
  'an option of another fault': ['faults: [{fault: refuse, status: 500}]', 'faults[0].status', /no such option/],
  'a value out of range': ['faults: [{fault: http-status, status: 200}]', 'faults[0].status', />=400/],
  'a missing value': ['faults: [{fault: http-status}]', 'faults[0].status', /expected number/],
  'an unknown operation': ['faults: [{fault: refuse, operation: GetCaCaps}]', 'faults[0].operation', /GetCACaps/],
  'a chance above one': ['faults: [{fault: refuse, chance: 2}]', 'faults[0].chance', /<=1/],
  'broken YAML': ['faults: [', '', /./],
}

for (const [what, [text, path, says]] of Object.entries(bad)) {
  test(`a script with ${what} is refused with the path of the first fault`, (t) => {
    const error = t.throws(() => readScript(text))
    t.true(hasCode(error, 'config-invalid'))
    t.like(error, { facts: { path } })
    t.regex(error.message, says)
    t.true(error.message.includes(path))
  })
}

test('the mistake that comes first in the file is the one that is named', (t) => {
  t.throws(() => checkScript({ faults: [{ fault: 'fail', info: 'bad' }, 'nope'] }), { message: /faults\[0\]\.info/ })
})

test('a fault that is nearly right gets a suggestion, another the whole list', (t) => {
  t.like(t.throws(() => checkScript({ faults: ['wrong-nonse'] })), { fix: 'Did you mean "wrong-nonce"?' })
  t.regex(t.throws<PlatenError>(() => checkScript({ faults: ['xyzzy'] })).fix, /^The faults are refuse, reset, /)
})

test('JSON is read as YAML is', (t) => {
  t.deepEqual(readScript('{"seed": 4, "faults": [{"fault": "refuse"}]}').seed, readScript('seed: 4\nfaults:\n  - refuse').seed)
})

test('any script text is either read or refused by our own error', (t) => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      readScript(text)
    } catch (error) {
      if (!hasCode(error, 'config-invalid')) throw error
    }
  }))
  t.pass()
})

const statuses = async (client: RawScepClient, count: number): Promise<number[]> => {
  const seen: number[] = []
  for (let call = 0; call < count; call += 1) seen.push((await client.call('GetCACaps')).status)
  return seen
}
const limitCases: Readonly<Record<string, readonly [limits: object, expected: readonly number[]]>> = {
  'first: 2': [{ first: 2 }, [500, 500, 200, 200, 200, 200]],
  'after: 2': [{ after: 2 }, [200, 200, 500, 500, 500, 500]],
  'every: 3': [{ every: 3 }, [200, 200, 500, 200, 200, 500]],
  'after: 1, every: 2, first: 2': [{ after: 1, every: 2, first: 2 }, [200, 200, 500, 200, 500, 200]],
  'operation: GetCACert': [{ operation: 'GetCACert' }, [200, 200, 200, 200, 200, 200]],
  'message: PKCSReq': [{ message: 'PKCSReq' }, [200, 200, 200, 200, 200, 200]],
  'chance: 0': [{ chance: 0 }, [200, 200, 200, 200, 200, 200]],
  'chance: 1': [{ chance: 1 }, [500, 500, 500, 500, 500, 500]],
}
for (const [what, [limits, expected]] of Object.entries(limitCases)) {
  test(`a fault is limited by ${what}`, async (t) => {
    const { client } = await rigServer(t, { script: { faults: [{ fault: 'http-status', status: 500, ...limits }] } })
    t.deepEqual(await statuses(client, expected.length), [...expected])
  })
}

test('a message limit lets other messages pass', async (t) => {
  const { client } = await rigServer(t, { script: { faults: [{ fault: 'fail', message: 'CertPoll' }] } })
  const sent = client.build()
  t.is((await client.send(sent)).status, 'SUCCESS')
  t.is((await client.poll(sent)).status, 'FAILURE')
})

test('the same seed draws the same chances, another seed others', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const { client } = await rigServer(t, { script: { seed, faults: [{ fault: 'http-status', status: 500, chance: 0.5 }] } })
    return (await statuses(client, 24)).join()
  }
  const [first, again, other] = [await run(7), await run(7), await run(8)]
  t.is(first, again)
  t.not(first, other)
  t.true(first.includes('200') && first.includes('500'))
})

test('a script set later replaces the earlier one, with fresh counters', async (t) => {
  const { server, client } = await rigServer(t)
  const script = checkScript({ faults: [{ fault: 'http-status', status: 500, first: 1 }] })
  for (let round = 0; round < 2; round += 1) {
    server.setScript(script)
    t.deepEqual(await statuses(client, 2), [500, 200])
  }
  server.setScript(checkScript({ faults: [] }))
  t.deepEqual(await statuses(client, 1), [200])
})
