/**
 * Who may do what on the broker, by the Common Name of the certificate. One list of rules: the embedded broker asks
 * `mayPublish` and `mayReceive`, mosquitto reads the same rules as its ACL file.
 */
import { responseTopic, siteTopic, topicMatches, topicsOf } from './topics.js'

export type BrokerIdentity =
  | { readonly kind: 'device'; readonly site: string; readonly name: string }
  | { readonly kind: 'controller'; readonly site: string; readonly name: string }

interface Rules {
  /** Filters of what it may publish. */
  readonly publish: readonly string[]
  /** Filters of what may be delivered to it. */
  readonly receive: readonly string[]
}

function rulesOf({ kind, site, name }: BrokerIdentity): Rules {
  if (kind === 'device') {
    const place = { site, device: name }
    const { state, info, cert, event, commands } = topicsOf(place)
    return { publish: [state, info, cert, event('+'), responseTopic(place, '+'), `${responseTopic(place, '+')}/#`], receive: [commands] }
  }
  const any = topicsOf({ site, device: '+' })
  return {
    publish: [any.commands],
    receive: [any.state, any.info, any.cert, any.event('+'), `${siteTopic(site)}/_r/${name}/#`],
  }
}

export function mayPublish(identity: BrokerIdentity, topic: string): boolean {
  return rulesOf(identity).publish.some((filter) => topicMatches(filter, topic))
}

export function mayReceive(identity: BrokerIdentity, topic: string): boolean {
  return rulesOf(identity).receive.some((filter) => topicMatches(filter, topic))
}

/** Whether every topic under `filter` may be delivered: a subscription to more is refused. */
export function maySubscribe(identity: BrokerIdentity, filter: string): boolean {
  return rulesOf(identity).receive.some((allowed) => covers(allowed, filter))
}

/** Whether everything that `filter` matches, `allowed` matches too. */
function covers(allowed: string, filter: string): boolean {
  const [wide, narrow] = [allowed.split('/'), filter.split('/')]
  for (const [index, level] of wide.entries()) {
    if (level === '#') return true
    const asked = narrow[index]
    if (asked === undefined || asked === '#' || (level !== '+' && level !== asked)) return false
  }
  return wide.length === narrow.length
}

/**
 * The ACL file of mosquitto 2 for these identities; whoever is not in it may do nothing. It needs
 * `use_identity_as_username true`, so that the user is the certificate's Common Name.
 */
export function mosquittoAcl(identities: readonly BrokerIdentity[]): string {
  const blocks = identities.map((identity) => {
    const { publish, receive } = rulesOf(identity)
    return [`user ${identity.name}`, ...publish.map((filter) => `topic write ${filter}`), ...receive.map((filter) => `topic read ${filter}`)].join('\n')
  })
  return `${blocks.join('\n\n')}\n`
}
