import { createHash } from 'node:crypto'
import test from 'ava'
import { remotePages, type BoardFacts } from '../../../firmware/remote-ui/index.js'

const facts: BoardFacts = {
  product: 'Platen',
  version: '1.2.3',
  model: 'MFP 5',
  bootId: 'b00710',
  certificate: { subject: 'CN=<script>alert(1)</script>', issuer: 'CN=Test "CA"', notAfter: Date.UTC(2030, 0, 2), fingerprint: 'ab'.repeat(32) },
  latestStatus: 'Successful',
}
const answer = remotePages(() => facts)

test('the status page shows the firmware, the certificate that serves it, and the newest status', (t) => {
  const { status, body } = answer({ method: 'GET', path: '/' })
  t.is(status, 200)
  for (const shown of ['MFP 5', 'Platen 1.2.3', '2030-01-02T00:00:00.000Z', 'ab'.repeat(32), 'Successful']) t.true(body.includes(shown), shown)
})

test('a subject chosen by an authority cannot put markup into the page', (t) => {
  const { body } = answer({ method: 'GET', path: '/' })
  t.false(body.includes('<script>'))
  t.true(body.includes('CN=&lt;script&gt;alert(1)&lt;/script&gt;'))
  t.true(body.includes('CN=Test &quot;CA&quot;'))
})

test('/healthz tells machines that the board is up, and which boot it is', (t) => {
  const { status, headers, body } = answer({ method: 'GET', path: '/healthz' })
  t.is(status, 200)
  t.is(headers?.['content-type'], 'application/json')
  t.deepEqual(JSON.parse(body), { ok: true, bootId: 'b00710' })
})

test('only GET and HEAD are known, on two paths only', (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', '']) t.like(answer({ method, path: '/' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  for (const path of ['/index.html', '//', '/healthz/', '/../etc/passwd', '']) t.is(answer({ method: 'GET', path }).status, 404)
  t.is(answer({ method: 'HEAD', path: '/' }).status, 200)
})

test('every answer forbids scripts, frames and guesses, and the policy allows the one style there is', (t) => {
  for (const path of ['/', '/healthz', '/nothing']) {
    const { headers } = answer({ method: 'GET', path })
    t.true(headers?.['content-security-policy']?.startsWith("default-src 'none'"))
    t.is(headers?.['x-content-type-options'], 'nosniff')
    t.is(headers?.['cache-control'], 'no-store')
  }
  const { headers, body } = answer({ method: 'GET', path: '/' })
  const style = /<style>(.*)<\/style>/.exec(body)![1]!
  t.true(headers?.['content-security-policy']?.includes(createHash('sha256').update(style).digest('base64')))
})
