import { findContainerEngine, needScepImage, startScepContainer } from '../../rig/peers/index.js'
import { boardUnderTest, connectBoard, does, folder, opensslClient, platform, says } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const podman = part('podman')
const challenge = 'right challenge'

podman.test('a board enrols with a SCEP server in a container, over a restart of both: the CA lives in its volume', async (t) => {
  t.timeout(300_000)
  const directory = await folder(t)
  const engine = await findContainerEngine(platform.processes)
  // The image is built once on a machine; all else has its own deadlines.
  await needScepImage(platform, engine, (line) => t.log(line))
  const port = await platform.network.freeTcpPort()
  const volume = `platen-test-${port}`
  const options = { directory, port, keyBits: 2048, challenge, volume } as const
  const first = await startScepContainer(platform, options)
  t.teardown(() => engine.succeed(['volume', 'rm', '--force', volume]))
  const board = await boardUnderTest(t)
  await connectBoard(t, board, { url: first.url, port }, 'legacy')

  t.like(await says(board, 'request key-name=office cn=127.0.0.1 use=tls', 'wrong challenge'), { ok: false, code: 'scep-failure' })
  t.is((await does(t, board, 'request key-name=office cn=127.0.0.1 use=tls', challenge))['status'], 'Successful')
  await platform.files.write(`${directory}/ca.pem`, first.caPem)
  // scepserver states clientAuth alone in whatever it issues; all but the purpose is verified.
  const served = await opensslClient(board, `${directory}/ca.pem`, '-purpose', 'any')
  t.is(served.code, 0, served.output)
  await first.close()
  t.like(await says(board, 'request key-name=spare cn=127.0.0.1', challenge), { ok: false, code: 'connect-failed' })

  const second = await startScepContainer(platform, options)
  t.teardown(() => second.close())
  t.is(second.caPem, first.caPem)
  await does(t, board, 'restart')
  await board.restarted()
  await board.signIn('a password for tests')
  t.is((await does(t, board, 'request key-name=spare cn=127.0.0.1', challenge))['status'], 'Successful')
})

podman.test('a port that is taken, and a missing challenge, are told as what they are; no container is left', async (t) => {
  t.timeout(300_000)
  const engine = await findContainerEngine(platform.processes)
  await needScepImage(platform, engine, (line) => t.log(line))
  const options = { directory: await folder(t), port: await platform.network.freeTcpPort(), keyBits: 2048, challenge } as const
  const clear = await t.throwsAsync(startScepContainer(platform, { ...options, challenge: '' }))
  t.regex(clear.message, /no challenge/)
  const first = await startScepContainer(platform, options)
  t.teardown(() => first.close())
  const other = await platform.listenHttp({ address: '127.0.0.1', port: 0, clock: platform.clock, limit: 0, handler: { answer: () => Promise.resolve({ kind: 'close' }), sent: () => undefined } })
  t.teardown(() => other.close())
  t.like(await t.throwsAsync(startScepContainer(platform, { ...options, port: other.port })), { code: 'listen-failed' })
  await t.throwsAsync(engine.succeed(['container', 'inspect', `platen-scep-${other.port}`]))
})
