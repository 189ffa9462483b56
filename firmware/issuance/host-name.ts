/** Host names that may stand in a certificate request. */

const label = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/

/** A host name of RFC 1123: labels of letters, digits and inner hyphens; the last one not a number. */
export function isHostName(text: string): boolean {
  const labels = text.split('.')
  return text.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '')
}

/** A host name with its domain. */
export function isFqdn(text: string): boolean {
  return text.includes('.') && isHostName(text)
}
