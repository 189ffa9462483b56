import test from 'ava'
import fc from 'fast-check'
import { commandNames } from '../../../protocol/commands/index.js'
import { commandOfVerb, identityOf, isTopicName, mayPublish, mayReceive, maySubscribe, mosquittoAcl, responseTopic, topicMatches, topicsOf, verbOf, type BrokerIdentity } from '../../../protocol/mqtt/index.js'

const place = { site: 's', device: 'd1' }
const device: BrokerIdentity = { kind: 'device', site: 's', name: 'd1' }
const controller: BrokerIdentity = { kind: 'controller', site: 's', name: 'rig' }

test('each command has a verb of its own: its words joined by a hyphen', (t) => {
  t.is(verbOf('keys list'), 'keys-list')
  t.deepEqual(commandNames.map((name) => commandOfVerb(verbOf(name))), [...commandNames])
  t.is(new Set(commandNames.map(verbOf)).size, commandNames.length)
  for (const verb of ['keys list', 'KEYS-LIST', '', 'constructor', '__proto__', 'keys-list ']) t.is(commandOfVerb(verb), undefined, verb)
})

test('names of sites, devices and controllers can be no wildcard, no level apart, no `_r` and no control character', (t) => {
  for (const name of ['a', 'printer-17.example.com', '192.0.2.10', 'A'.repeat(64)]) t.true(isTopicName(name), name)
  for (const name of ['', '_r', '+', '#', 'a/b', '$SYS', '.a', '-a', 'a b', 'ä', 'a\0', 'a\n', 'A'.repeat(65)]) t.false(isTopicName(name), JSON.stringify(name))
})

test('an identity is the one Common Name of a certificate', (t) => {
  t.is(identityOf('CN=printer,O=Example'), 'printer')
  t.is(identityOf('O=Example,CN=printer'), 'printer')
  t.is(identityOf('O=x+CN=printer'), 'printer')
  for (const subject of ['', 'O=Example', 'CN=a,CN=b', 'O=x\\,CN\\=printer', 'CN=a/b', 'CN=\\+', 'CN=a\\,b', 'emailCN=a']) t.is(identityOf(subject), undefined, subject)
})

test('MQTT 5 section 4.7: filters match as the standard says', (t) => {
  for (const [filter, topic] of [['a/b', 'a/b'], ['a/+', 'a/b'], ['a/+', 'a/'], ['a/#', 'a'], ['a/#', 'a/b/c'], ['+/+', '/a'], ['#', 'a'], ['$SYS/#', '$SYS/x']] as const) t.true(topicMatches(filter, topic), `${filter} ${topic}`)
  for (const [filter, topic] of [['a/b', 'a/b/c'], ['a/+', 'a'], ['a/+', 'a/b/c'], ['a', 'A'], ['#', '$SYS/x'], ['+/x', '$SYS/x']] as const) t.false(topicMatches(filter, topic), `${filter} ${topic}`)
})

test('a device reaches its own subtree only, a controller the devices of its site and its own answers', (t) => {
  const other = topicsOf({ site: 's', device: 'd2' })
  const own = topicsOf(place)
  for (const topic of [own.state, own.info, own.cert, own.event('log'), responseTopic(place, 'rig')]) t.true(mayPublish(device, topic), topic)
  for (const topic of [other.state, other.command('status'), own.command('status'), responseTopic({ site: 's', device: 'd2' }, 'rig'), topicsOf({ site: 't', device: 'd1' }).state]) t.false(mayPublish(device, topic), topic)
  t.true(maySubscribe(device, own.commands))
  for (const filter of ['#', '+/#', 'mfp/1/s/+/cmd/#', 'mfp/1/s/d1/#', 'mfp/1/s/+/state', 'mfp/1/s/_r/#', other.commands, '$SYS/#', '$share/g/mfp/1/s/d1/cmd/#']) t.false(maySubscribe(device, filter), filter)
  t.true(mayPublish(controller, other.command('status')))
  t.false(mayPublish(controller, other.state))
  t.true(maySubscribe(controller, 'mfp/1/s/_r/rig/#') && maySubscribe(controller, 'mfp/1/s/+/state'))
  t.false(maySubscribe(controller, 'mfp/1/s/_r/other/#') || maySubscribe(controller, 'mfp/1/s/+/cmd/#') || maySubscribe(controller, '#'))
})

test('whatever a subscription that is let through matches may be delivered', (t) => {
  const level = fc.constantFrom('mfp', '1', 's', 'd1', 'd2', '_r', 'rig', 'cmd', 'state', 'evt', 'x', '')
  const topic = fc.array(level, { minLength: 1, maxLength: 7 }).map((levels) => levels.join('/'))
  const filter = fc.array(fc.oneof({ weight: 3, arbitrary: level }, fc.constantFrom('+')), { minLength: 1, maxLength: 6 }).chain((levels) => fc.boolean().map((all) => [...levels, ...(all ? ['#'] : [])].join('/')))
  t.notThrows(() => fc.assert(fc.property(fc.constantFrom(device, controller), filter, topic, (who, asked, given) => !maySubscribe(who, asked) || !topicMatches(asked, given) || mayReceive(who, given)), { numRuns: 5000 }))
})

test('the ACL file of mosquitto has a block for each identity, and gives nobody a filter of all', (t) => {
  const acl = mosquittoAcl([device, controller])
  t.deepEqual(acl.split('\n').filter((line) => line.startsWith('user ')), ['user d1', 'user rig'])
  t.true(acl.includes('topic read mfp/1/s/d1/cmd/#\n'))
  t.false(/ [#+]/u.test(acl))
})
