/** A command as an MQTT 5 message: what it has to carry, and what is refused before anything is done. */
import { createHash } from 'node:crypto'
import { definitionOf, fieldsOf, isOptional, notesOf, type CommandName } from '../commands/index.js'
import { PlatenError } from '../errors.js'
import { jsonOf } from './payloads.js'
import { commandOfVerb, controllerOf, verbOfTopic, type DevicePlace } from './topics.js'

/** A message as it comes from a broker or goes to it. */
export interface MqttMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly retain: boolean
  /** Message Expiry Interval (MQTT 5 section 3.3.2.3.3), seconds; what the broker has kept it for is taken off. */
  readonly expirySeconds?: number
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
}

export interface CommandMessage {
  readonly name: CommandName
  readonly verb: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly controller: string
  readonly responseTopic: string
  readonly correlationData: Uint8Array
  /** Seconds until the deadline. */
  readonly expirySeconds: number
  /** Of verb and payload: the same idempotency key with another digest is another command. */
  readonly digest: string
}

/** Message expiry of commands: a day-old order to restart is no order. */
export const expiryLimitSeconds = 3600
/** Bytes of Correlation Data. */
export const correlationLimit = 64
const commandPayloadLimit = 16 * 1024

/** Where the refusal of a message goes; without one nobody is told. */
export interface ReplyAddress {
  readonly controller: string
  readonly responseTopic: string
  readonly correlationData: Uint8Array
  readonly expirySeconds: number
}

/**
 * Where a message wants its answer, checked against the prefix of the sender and this device.
 * @throws invalid-value, missing-field: nothing may be answered then
 */
export function replyAddress(place: DevicePlace, message: MqttMessage): ReplyAddress {
  const { responseTopic, correlationData, expirySeconds } = message
  if (responseTopic === undefined) throw refused('missing-field', 'Response Topic', 'is missing', `Give mfp/1/${place.site}/_r/<controller>/${place.device}.`)
  const controller = controllerOf(place, responseTopic)
  if (controller === undefined) throw refused('invalid-value', 'Response Topic', 'is not one of this device', `Give mfp/1/${place.site}/_r/<controller>/${place.device}.`)
  if (correlationData === undefined) throw refused('missing-field', 'Correlation Data', 'is missing', `Give a new value of 1 to ${correlationLimit} bytes with each command; it is the idempotency key.`)
  if (correlationData.length === 0 || correlationData.length > correlationLimit) throw refused('invalid-value', 'Correlation Data', `has ${correlationData.length} bytes`, `Give 1 to ${correlationLimit} bytes.`)
  return { controller, responseTopic, correlationData, expirySeconds: expirySeconds ?? expiryLimitSeconds }
}

/**
 * The command in a message.
 * @throws invalid-value, missing-field, unknown-verb, permission-denied
 */
export function readCommandMessage(place: DevicePlace, message: MqttMessage, address: ReplyAddress): CommandMessage {
  if (message.retain) throw refused('invalid-value', 'Retain', 'is set: a retained command would be given again at each reconnect', 'Publish commands without retain, and clear the retained one.')
  const { expirySeconds } = message
  if (expirySeconds === undefined) throw refused('missing-field', 'Message Expiry Interval', 'is missing', `Give 1 to ${expiryLimitSeconds} seconds; it is the deadline.`)
  if (expirySeconds < 1 || expirySeconds > expiryLimitSeconds) throw refused('invalid-value', 'Message Expiry Interval', `is ${expirySeconds} s`, `Give 1 to ${expiryLimitSeconds} seconds.`)
  const verb = verbOfTopic(place, message.topic) ?? ''
  const name = commandOfVerb(verb)
  if (name === undefined) throw new PlatenError('unknown-verb', 'The last level of the topic is not a verb.', { fix: 'Join the words of a command with a hyphen: cmd/keys-list. The command help has the list.' })
  const fields = fieldsOfPayload(message.payload)
  refuseSecrets(name, fields)
  const digest = createHash('sha256').update(`${verb}\n`).update(message.payload).digest('hex')
  return { ...address, name, verb, fields, expirySeconds, digest }
}

/**
 * Secrets do not travel over a broker: it keeps messages, and others administer it. Asked on both sides, before a
 * controller sends and before a device does anything.
 * @throws permission-denied
 */
export function refuseSecrets(name: CommandName, fields: Readonly<Record<string, unknown>>): void {
  const hidden = Object.entries(fieldsOf(definitionOf(name))).filter(([, schema]) => notesOf(schema).secret === true)
  const [given] = hidden.find(([field, schema]) => Object.hasOwn(fields, field) || !isOptional(schema)) ?? []
  if (given === undefined) return
  throw new PlatenError('permission-denied', `${name}: the field ${given} is secret and is not taken over MQTT.`, { facts: { field: given }, fix: 'Give this command on the serial console.' })
}

function fieldsOfPayload(payload: Uint8Array): Readonly<Record<string, unknown>> {
  if (payload.length === 0) return {}
  const value = payload.length > commandPayloadLimit ? undefined : jsonOf(payload)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  throw refused('invalid-value', 'The payload', payload.length > commandPayloadLimit ? `has ${payload.length} bytes` : 'is no JSON object', `Send the fields of the command as one JSON object of at most ${commandPayloadLimit} bytes, or nothing.`)
}

function refused(code: 'invalid-value' | 'missing-field', field: string, problem: string, fix: string): PlatenError {
  return new PlatenError(code, `${field} ${problem}.`, { facts: { field }, fix })
}
