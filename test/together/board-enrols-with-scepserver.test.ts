import { certificateOfPem } from '../../protocol/pem.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { startScepserver } from '../../rig/peers/index.js'
import { boardUnderTest, connectBoard, does, folder, opensslClient, platform, says } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const scepserver = part('scepserver', 'scep')
const challenge = 'right challenge'

for (const keyBits of [2048, 4096] as const) {
  scepserver.test(`a board enrols with Debian's scepserver with an RSA-${keyBits} CA, and openssl verifies what it serves`, async (t) => {
    const directory = await folder(t)
    const port = await platform.network.freeTcpPort()
    const server = await startScepserver(platform, { directory, port, keyBits, challenge })
    t.teardown(() => server.close())
    const board = await boardUnderTest(t)
    await connectBoard(t, board, { url: server.url, port }, 'legacy')

    const issued = await does(t, board, 'request key-name=office cn=127.0.0.1 organization="Example Ltd" use=tls', challenge)
    t.is(issued['status'], 'Successful')
    t.regex(issued['advice'] ?? '', /serverAuth/)
    t.is((await does(t, board, 'status'))['tls-key'], 'office')

    await platform.files.write(`${directory}/ca.pem`, server.caPem)
    // scepserver states clientAuth alone in whatever it issues; all but the purpose is verified.
    const before = await opensslClient(board, `${directory}/ca.pem`, '-purpose', 'any')
    t.is(before.code, 0, before.output)
    t.regex(before.output, /Verification: OK/)

    await does(t, board, 'restart')
    await board.restarted()
    const after = await opensslClient(board, `${directory}/ca.pem`, '-purpose', 'any')
    t.is(after.code, 0, after.output)
    t.deepEqual(certificateOfPem(after.output), certificateOfPem(before.output))
    t.regex(readCertificate(certificateOfPem(after.output)!).subject, /127\.0\.0\.1/)
  })
}

scepserver.test('scepserver refuses a wrong or a missing challenge: Fail Info 2, and the slot is free again', async (t) => {
  const port = await platform.network.freeTcpPort()
  const server = await startScepserver(platform, { directory: await folder(t), port, keyBits: 2048, challenge })
  t.teardown(() => server.close())
  const board = await boardUnderTest(t)
  await connectBoard(t, board, { url: server.url, port }, 'legacy')
  for (const wrong of ['another challenge', '']) {
    t.false((await says(board, 'request key-name=office cn=127.0.0.1 use=tls', wrong)).ok)
    t.is((await does(t, board, 'history 1'))['details'], 'Communication Error (SCEP ERROR Fail Info 2)')
    t.is((await does(t, board, 'status'))['keys'], '1')
  }
  t.is((await does(t, board, 'request key-name=office cn=127.0.0.1 use=tls', challenge))['status'], 'Successful')
})

scepserver.test('without the policy legacy the error names the quirk that scepserver needs', async (t) => {
  const port = await platform.network.freeTcpPort()
  const server = await startScepserver(platform, { directory: await folder(t), port, keyBits: 2048, challenge })
  t.teardown(() => server.close())
  const board = await boardUnderTest(t)
  await connectBoard(t, board, { url: server.url, port })
  const result = await says(board, 'request key-name=office cn=127.0.0.1 use=tls', challenge)
  t.false(result.ok)
  if (!result.ok) t.is(result.code, 'quirk-refused')
  t.is((await does(t, board, 'history 1'))['details'], 'Response Error (Quirk des-reply, sha1-reply Refused)')
})
