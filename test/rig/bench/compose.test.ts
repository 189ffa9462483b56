import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { z } from 'zod'
import { readConfig } from '../../../firmware/config.js'

/** The part of the Compose specification that the file uses; a misspelt key is refused as an engine would. */
const health = z.strictObject({ test: z.array(z.string()).min(2), interval: z.string(), timeout: z.string(), retries: z.int() })
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string(), target: z.string().optional() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  cap_add: z.array(z.literal('DAC_OVERRIDE')).optional(),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.literal('ALL')).optional(),
  security_opt: z.array(z.literal('no-new-privileges:true')).optional(),
  restart: z.enum(['unless-stopped', 'no']).optional(),
  healthcheck: health.optional(),
  depends_on: z.preprocess(
    (given) => (Array.isArray(given) ? Object.fromEntries(given.map((name) => [String(name), { condition: 'service_started' }])) : given),
    z.record(z.string(), z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) })).default({}),
  ),
})
const compose = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
  volumes: z.record(z.string(), z.null()),
})

const { services, secrets, volumes } = compose.parse(parse(readFileSync('compose.yaml', 'utf8')))
const all = Object.entries(services)

const recipe = ({ build }: z.infer<typeof service>): string => (build === undefined ? '' : readFileSync(join(build.context, build.dockerfile), 'utf8'))

test('the compose file starts a SCEP server, a broker and a board, each from a file that is there', (t) => {
  t.deepEqual(Object.keys(services).sort(), ['board', 'broker', 'broker-files', 'scep'])
  for (const [name, { build, image }] of all) t.true(build === undefined ? image.includes('/') : existsSync(join(build.context, build.dockerfile)), name)
})

test('every volume and secret of the compose file is declared, and every file that it mounts is there', (t) => {
  for (const [name, one] of all) {
    for (const secret of one.secrets) t.true(secret in secrets, `${name}: ${secret}`)
    for (const [source = ''] of one.volumes.map((volume) => volume.split(':'))) t.true(source.startsWith('./') ? existsSync(source) : source in volumes, `${name}: ${source}`)
  }
  for (const name of Object.keys(volumes)) t.true(all.some(([, one]) => one.volumes.some((volume) => volume.startsWith(`${name}:`))), name)
})

test('no port of the compose file is open to other machines', (t) => {
  for (const [name, { ports }] of all) {
    t.is(ports.length > 0, name !== 'broker-files', name)
    for (const port of ports) t.regex(port, /^127\.0\.0\.1:(?:\d+|\$\{[A-Z_]+:-\d+\}):\d+$/u, name)
  }
})

test('what a service waits for to be healthy has a health check, and what it waits for to end is not started again', (t) => {
  for (const [name, { depends_on: waits }] of all) {
    for (const [other, { condition }] of Object.entries(waits)) t.true(condition !== 'service_healthy' || services[other]!.healthcheck !== undefined || recipe(services[other]!).includes('\nHEALTHCHECK '), `${name} waits for ${other}`)
    for (const [other, { condition }] of Object.entries(waits)) if (condition === 'service_completed_successfully') t.is(services[other]!.restart, 'no', other)
  }
  t.regex(recipe(services['scep']!), /^HEALTHCHECK .*CMD \["health"\]$/mu)
})

test('what the images copy is there, and reaches the engine', (t) => {
  const ignored = readFileSync(`${services['board']!.build!.dockerfile}.dockerignore`, 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  for (const [name, one] of all) {
    const copied = [...recipe(one).matchAll(/^COPY (?!--from)(.*) \S+$/gmu)].flatMap((match) => match[1]!.split(' '))
    for (const source of copied) {
      t.true(existsSync(join(one.build!.context, source)), `${name}: ${source}`)
      if (name === 'board') t.true(ignored.some((kept) => source === kept || source.startsWith(`${kept}/`)), `${source} is left out`)
    }
  }
})

test("the board of the compose file has a valid config, and its console is at the end of the entry point's line", (t) => {
  const config = readConfig(readFileSync('rig/bench/compose/board.yaml'), '/etc/platen/board.yaml')
  t.true(config.data.startsWith('/var/lib/platen/'))
  t.is(config.serial.path, '/tmp/platen/board')
  const entry = readFileSync('rig/bench/compose/board-with-console', 'utf8')
  t.true(entry.includes('PLATEN_LINE:-/tmp/platen}'))
  t.true(services['board']!.ports.some((port) => port.endsWith(`:${config.https.port}`)))
})
