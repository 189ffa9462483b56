import { dirname, isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import { isTopicName } from '../../protocol/mqtt/index.js'
import { linePath, readYamlConfig } from '../../protocol/yaml-config.js'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/u, 'must be a name of small letters, digits and hyphens')
const word = z.string().min(1, 'must not be empty')
const topicName = z.string().refine(isTopicName, 'must be a name of letters, digits, dots and hyphens')
const program = z.array(word).min(1, 'must be a list: a program and its words')
const url = (schemes: string): z.ZodString => z.string().regex(new RegExp(`^(?:${schemes})://(?:[^/:@\\[\\]]+|\\[[^\\]]+\\])(?::\\d+)?(?:/|$)`, 'u'), `must be an address such as ${schemes.split('|')[0] ?? ''}://host`)

/** What a run may do to the bench, by the family of rig.md "Faults". */
export const benchFaults = ['scep', 'power-cut', 'serial', 'broker'] as const
export type BenchFault = (typeof benchFaults)[number]

const power = z.strictObject({ on: program, off: program })

/** A word is short for a board of that line. */
const board = shortForm((given) => (given === 'process' ? { process: true } : { serial: given }), z.strictObject({
  serial: linePath.optional(),
  process: z.literal(true, 'must be true, or left out').optional(),
  baudRate: z.int().min(50).max(4_000_000).default(115_200),
  https: z.strictObject({ host: word, port: z.int().min(1).max(65_535).default(443) }).optional(),
  passwordFile: word.optional(),
  power: power.optional(),
  // As people type, or by frames as machines do; the log comes by frames in either case.
  drive: z.enum(['console', 'frames']).default('console'),
  // Who it is on the broker; a process gets a name there by itself.
  mqtt: z.strictObject({ device: topicName }).optional(),
}).refine(({ serial, process }) => (serial === undefined) !== (process === undefined), 'must have serial, or process: true, and not both')
  .refine(({ process, power }) => process === undefined || power === undefined, 'must not have power: the power of a process is the rig\'s anyway'))

const scep = shortForm((given) => (/^(?:embedded|process|container)$/u.test(given) ? { kind: given } : { kind: 'url', url: given }), z.strictObject({
  kind: z.enum(['embedded', 'process', 'container', 'url']).default('url'),
  url: url('http|https').max(255).optional(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/iu, 'must be a SHA-256 fingerprint: 64 hexadecimal digits').transform((text) => text.toLowerCase()).optional(),
  // Of this machine, as the boards reach it; a server elsewhere has its own in its url.
  address: z.union([z.ipv4(), z.ipv6()], 'must be an IP address of this machine').default('127.0.0.1'),
  policy: z.enum(['standard', 'legacy']).optional(),
  challengeFile: word.optional(),
}).refine((server) => (server.kind === 'url') === (server.url !== undefined), 'must have a url, or be embedded, process or container')
  .refine((server) => server.kind !== 'url' || server.fingerprint !== undefined, 'must have the fingerprint of the CA beside the url'))

const broker = shortForm((given) => (/^(?:none|embedded|process)$/u.test(given) ? { kind: given } : { kind: 'url', url: given }), z.strictObject({
  kind: z.enum(['none', 'embedded', 'process', 'url']).default('url'),
  url: z.string().regex(/^mqtts?:\/\/(?:[^/:@[\]]+|\[[^\]]+\])(?::\d+)?\/?$/u, 'must be none, embedded, process, or an address such as mqtts://host:8883').optional(),
  site: topicName.default('bench'),
  // Of the rig, as a controller; the Common Name of its certificate is its name there.
  identity: z.strictObject({ certificate: word, key: word, trustAnchors: word }).optional(),
}).refine((one) => (one.kind === 'url') === (one.url !== undefined), 'must be none, embedded, process, or an address such as mqtts://host:8883')
  .refine((one) => one.identity === undefined || one.url?.startsWith('mqtts:') === true, 'must be an address such as mqtts://host:8883 where there is an identity'))

const schema = z.strictObject({
  state: word.default('.bench'),
  boards: z.record(name, board).refine((boards) => Object.keys(boards).length > 0, 'must name at least one board'),
  scep: scep.prefault('embedded'),
  broker: broker.prefault('none'),
  faults: z.array(z.enum(benchFaults)).default([]),
})

function shortForm<Schema extends z.ZodType>(full: (given: string) => unknown, of: Schema): z.ZodPreprocess<Schema> {
  return z.preprocess((given) => (typeof given === 'string' ? full(given) : given), of)
}

type BenchSettings = z.output<typeof schema>
export type BenchBoard = BenchSettings['boards'][string] & { readonly name: string }
export type BenchScep = BenchSettings['scep']
export type BenchBroker = BenchSettings['broker']

/** What a rig has to work with. Paths are absolute. */
export interface Bench extends Omit<BenchSettings, 'boards'> {
  readonly file: string
  readonly boards: readonly BenchBoard[]
}

/**
 * Reads a bench file.
 * @param file named in errors; relative paths start at its folder
 * @throws config-invalid with the path and line of the first fault
 */
export function readBench(bytes: Uint8Array, file: string): Bench {
  const settings = readYamlConfig(bytes, file, { schema, subject: 'bench', example: 'rig/bench/bench.example.yaml' })
  const from = dirname(resolve(file))
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(from, path))
  const boards = Object.entries(settings.boards).map(([name, one]) => ({
    ...one,
    name,
    ...one.serial?.startsWith('unix:') === true ? { serial: `unix:${at(one.serial.slice('unix:'.length))}` } : {},
    ...one.passwordFile === undefined ? {} : { passwordFile: at(one.passwordFile) },
  }))
  const { scep: { challengeFile }, broker: { identity } } = settings
  return {
    ...settings, file, state: at(settings.state), boards,
    scep: { ...settings.scep, ...challengeFile === undefined ? {} : { challengeFile: at(challengeFile) } },
    broker: { ...settings.broker, ...identity === undefined ? {} : { identity: { certificate: at(identity.certificate), key: at(identity.key), trustAnchors: at(identity.trustAnchors) } } },
  }
}

/** The boards of these names, or all. @throws invalid-value */
export function chooseBoards(bench: Bench, names: readonly string[]): readonly BenchBoard[] {
  const unknown = names.find((name) => !bench.boards.some((board) => board.name === name))
  if (unknown !== undefined) throw new PlatenError('invalid-value', `there is no board ${unknown} on this bench`, { fix: `The boards are ${bench.boards.map(({ name }) => name).join(', ')}.` })
  return names.length === 0 ? bench.boards : bench.boards.filter(({ name }) => names.includes(name))
}

/** @throws invalid-value: a bench says itself what may be done to it */
export function mustAllow(bench: Bench, fault: BenchFault): void {
  if (!bench.faults.includes(fault)) throw new PlatenError('invalid-value', `this bench does not allow the fault ${fault}`, { facts: { fault }, fix: `Add ${fault} to faults in ${bench.file} when nobody minds.` })
}
