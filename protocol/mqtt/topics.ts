/**
 * The topic tree. Under `mfp/1/{site}`: what a device tells is under `{device}`, what it is told under
 * `{device}/cmd`, and what it answers under `_r/{controller}/{device}`, so that one filter shows a controller all its
 * answers and nobody else's.
 */
import { commandNames, type CommandName } from '../commands/index.js'
import { isTopicName } from './names.js'

/** `1` is the version of this tree; another tree gets another number. */
const root = 'mfp/1'

/** Where a device is in the tree. */
export interface DevicePlace {
  readonly site: string
  readonly device: string
}

export interface DeviceTopics {
  /** Retained; its will says that the device is lost. */
  readonly state: string
  /** Retained. */
  readonly info: string
  /** Retained. */
  readonly cert: string
  /** QoS 1, not retained. */
  readonly event: (kind: string) => string
  readonly command: (name: CommandName) => string
  /** All commands of this device. */
  readonly commands: string
}

export function topicsOf({ site, device }: DevicePlace): DeviceTopics {
  const own = `${siteTopic(site)}/${device}`
  return {
    state: `${own}/state`,
    info: `${own}/info`,
    cert: `${own}/cert`,
    event: (kind) => `${own}/evt/${kind}`,
    command: (name) => `${own}/cmd/${verbOf(name)}`,
    commands: `${own}/cmd/#`,
  }
}

export function siteTopic(site: string): string {
  return `${root}/${site}`
}

/** Where a device answers a controller. A controller may add levels of its own. */
export function responseTopic({ site, device }: DevicePlace, controller: string): string {
  return `${siteTopic(site)}/_r/${controller}/${device}`
}

/** A command as a topic level: its words joined by a hyphen, which no word has. `keys list` is `keys-list`. */
export function verbOf(name: CommandName): string {
  return name.replaceAll(' ', '-')
}

/** The command that a level of `cmd/…` names; undefined when there is none. */
export function commandOfVerb(verb: string): CommandName | undefined {
  return commandNames.find((name) => verbOf(name) === verb)
}

/** The last level of a command topic of this device; undefined for any other topic. */
export function verbOfTopic(place: DevicePlace, topic: string): string | undefined {
  const prefix = topicsOf(place).commands.slice(0, -1)
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined
}

/** Longest response topic that a device takes, UTF-8 bytes. */
export const responseTopicLimit = 256

/**
 * The controller that a response topic belongs to.
 * @returns undefined when the topic is not under `_r/{controller}/{device}` of this very device, or is no topic to publish to
 */
export function controllerOf(place: DevicePlace, topic: string): string | undefined {
  const prefix = `${siteTopic(place.site)}/_r/`
  const [controller = '', device, ...more] = topic.slice(prefix.length).split('/')
  const fits = topic.startsWith(prefix) && Buffer.byteLength(topic) <= responseTopicLimit && isTopicName(controller) && device === place.device && more.every(isTopicName)
  return fits ? controller : undefined
}

/** Whether a topic falls under a filter (MQTT 5 section 4.7). */
export function topicMatches(filter: string, topic: string): boolean {
  const [wanted, given] = [filter.split('/'), topic.split('/')]
  // 4.7.2: a wildcard at the begin does not reach the broker's own topics.
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  return wanted.every((level, index) => level === '#' || (index < given.length && (level === '+' || level === given[index])))
    && (wanted.at(-1) === '#' || wanted.length === given.length)
}
