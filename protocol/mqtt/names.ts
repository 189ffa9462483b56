/** The names that topics are made of: sites, devices and controllers. */

/**
 * A host name's characters, so that a device is called as its certificate is; no wildcard, no slash, no `$`, and no
 * underscore at the begin, which keeps `_r` apart from every device.
 */
const name = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/

/** Whether a site, device or controller may be called so. Case counts, as it does in topics. */
export function isTopicName(text: string): boolean {
  return name.test(text)
}

/**
 * Who a certificate says its holder is: its one Common Name. A second one would let brokers choose.
 * @param subject for people, as in RFC 4514: `CN=printer,O=Example`
 * @returns undefined when there is none, more than one, or one that no topic can have
 */
export function identityOf(subject: string): string | undefined {
  const found = [...subject.matchAll(/(?:^|[,+])CN=((?:\\.|[^,+\\])*)/gu)].map((match) => match[1] ?? '')
  const [only = ''] = found
  return found.length === 1 && isTopicName(only) ? only : undefined
}
