import { dirname, isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { isTopicName } from '../protocol/mqtt/index.js'
import { linePath, readYamlConfig } from '../protocol/yaml-config.js'
import { tlsDaemonsSection } from './tls-daemons.js'

const oneLine = z.string().min(1, 'must not be empty').max(64, 'must have at most 64 characters').regex(/^[^\p{Cc}]*$/u, 'must not have control characters')

const topicName = z.string().refine(isTopicName, 'must be 1 to 64 letters, digits, dots and hyphens, with a letter or a digit first')

function isBrokerUrl(text: string): boolean {
  return URL.canParse(text)
}

/** Ends up in the settings of daemons, which have characters of their own. */
const plainPath = z.string().regex(/^[A-Za-z0-9._/-]+$/, 'must be a path of letters, digits, dots, dashes and underscores')

const sections = {
  serial: z.strictObject({
    path: linePath,
    baudRate: z.int().min(50).max(4_000_000).default(115_200),
  }),
  https: z.strictObject({
    address: z.union([z.ipv4(), z.ipv6()], 'must be an IP address, for example "::" or "0.0.0.0"').default('::'),
    port: z.int().min(0).max(65_535).default(443),
  }),
  // The model profile: at least the default key and one more.
  model: z.strictObject({
    name: oneLine.default('Platen'),
    maxKeys: z.int().min(2).max(1000).default(8),
    maxCaCertificates: z.int().min(1).max(1000).default(16),
  }),
  mqtt: z.strictObject({
    broker: z.string().regex(/^mqtts:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/, 'must be "mqtts://host" or "mqtts://host:port"').refine(isBrokerUrl, 'must be "mqtts://host" or "mqtts://host:port"'),
    site: topicName,
    device: topicName,
    trustAnchors: z.string('must be a path').min(1, 'must not be empty'),
  }),
  ipsec: z.strictObject({
    vici: z.string().regex(/^unix:\/\/\/[A-Za-z0-9._/-]+$/, 'must be a socket like "unix:///run/charon.vici"').default('unix:///var/run/charon.vici'),
    // Without it somebody else starts a daemon again that does not answer.
    restart: z.tuple([z.string().min(1, 'must not be empty')], z.string()).optional(),
  }),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }),
}

const schema = z.strictObject({
  data: z.string('must be a path').min(1, 'must not be empty'),
  // On tmpfs: what a daemon has to read in clear.
  runtime: plainPath.default('/run/platen'),
  serial: sections.serial,
  https: sections.https.prefault({}),
  // Other programs that serve the key of TLS.
  tlsDaemons: tlsDaemonsSection.optional(),
  model: sections.model.prefault({}),
  // Without it the board has no MQTT agent.
  mqtt: sections.mqtt.optional(),
  ipsec: sections.ipsec.prefault({}),
  log: sections.log.prefault({}),
})

/** What a board is told by its one file; everything else it is told on its console. */
export type BoardConfig = z.infer<typeof schema>

/** Largest config file, bytes. */
export const configLimit = 64 * 1024

/**
 * Reads a board's YAML config.
 * @param file where it was read from: named in errors, and a relative `data` or `unix:` path starts at its folder
 * @throws config-invalid with the path, line and column of the first fault
 */
export function readConfig(bytes: Uint8Array, file: string): BoardConfig {
  return located(readYamlConfig(bytes, file, { schema, subject: 'board', example: 'systemd/board.example.yaml' }), file)
}

function located(config: BoardConfig, file: string): BoardConfig {
  const from = dirname(resolve(file))
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(from, path))
  const { path } = config.serial
  const mqtt = config.mqtt === undefined ? {} : { mqtt: { ...config.mqtt, trustAnchors: at(config.mqtt.trustAnchors) } }
  return { ...config, ...mqtt, data: at(config.data), runtime: at(config.runtime), serial: { ...config.serial, path: path.startsWith('unix:') ? `unix:${at(path.slice('unix:'.length))}` : path } }
}
