import { execFile } from 'node:child_process'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { RaForm } from '../../rig/scep-server/index.js'
import { part } from '../support/parts.js'
import { rigServer } from '../support/rig-server.js'

const scepclient = part('scepclient', 'scep')

interface Ended {
  readonly code: number
  readonly output: string
}

/** The server answers in this very process, so nothing here may block. */
function run(directory: string, command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: directory, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, output: stdout + stderr })
    })
  })
}

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'platen-scepclient-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

const enrol = (url: string, challenge: string | undefined): readonly string[] => [
  '-server-url', url, '-private-key', 'client.key', '-certificate', 'client.pem', '-cn', 'printer.example', ...challenge === undefined ? [] : ['-challenge', challenge],
]

for (const ra of ['none', 'one', 'two'] satisfies RaForm[]) {
  scepclient.test(`scepclient enrols with the rig's server, and renews without a challenge (RA: ${ra})`, async (t) => {
    const { server } = await rigServer(t, { authority: { ra }, challenge: { mode: 'static', password: 'geheim' } })
    const path = directory(t)
    const first = await run(path, 'scepclient', enrol(server.url, 'geheim'))
    t.is(first.code, 0, first.output)
    writeFileSync(join(path, 'ca.pem'), new X509Certificate(server.authority.ca.der).toString())
    const certificate = (): X509Certificate => new X509Certificate(readFileSync(join(path, 'client.pem')))
    t.deepEqual(await run(path, 'openssl', ['verify', '-x509_strict', '-CAfile', 'ca.pem', 'client.pem']), { code: 0, output: 'client.pem: OK\n' })
    t.true(certificate().publicKey.equals(createPublicKey(readFileSync(join(path, 'client.key')))))
    const serial = certificate().serialNumber

    const second = await run(path, 'scepclient', enrol(server.url, undefined))
    t.is(second.code, 0, second.output)
    t.like(server.transcript.records.at(-1), { messageType: 'RenewalReq', status: 'SUCCESS' })
    t.is((await run(path, 'openssl', ['verify', '-CAfile', 'ca.pem', 'client.pem'])).code, 0)
    t.not(certificate().serialNumber, serial)
  })
}

scepclient.test('scepclient with a wrong challenge, or none, is refused', async (t) => {
  const { server } = await rigServer(t, { challenge: { mode: 'static', password: 'geheim' } })
  for (const challenge of ['falsch', undefined]) {
    const { code, output } = await run(directory(t), 'scepclient', enrol(server.url, challenge))
    t.not(code, 0)
    t.regex(output, /badRequest/)
    t.like(server.transcript.records.at(-1), { status: 'FAILURE', failInfo: 'badRequest', reason: `the challenge is ${challenge === undefined ? 'missing' : 'wrong'}` })
  }
})
