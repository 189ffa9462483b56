/** The configuration of wpa_supplicant for wired EAP-TLS; pure. */

import type { RevocationCheck } from '../../../protocol/revocation.js'

export interface SupplicantConfig {
  /** Folder of the control socket. */
  readonly controls: string
  readonly identity: string
  readonly serverName?: string
  readonly revocation: RevocationCheck
  /** PEM: what the authentication server must lead to. */
  readonly caFile: string
  /** PEM: leaf first, then intermediates. */
  readonly chainFile: string
  /** PEM. */
  readonly keyFile: string
}

/** wpa_supplicant.conf, `ocsp`: stapling asked for, or required. */
const ocsp: Readonly<Record<RevocationCheck, number>> = { off: 0, 'if-stapled': 1, required: 2 }

/**
 * Values that people choose are written in hexadecimal, which wpa_supplicant takes for any text: no character of
 * theirs can end a line or a quotation. `ca_cert` is always there: without it any server would be trusted.
 * `fast_reauth=0`: a resumed TLS session would show the certificate of the session before.
 */
export function supplicantConfig({ controls, identity, serverName, revocation, caFile, chainFile, keyFile }: SupplicantConfig): string {
  return [
    `ctrl_interface=${controls}`,
    'ap_scan=0',
    'fast_reauth=0',
    'network={',
    '  key_mgmt=IEEE8021X',
    '  eapol_flags=0',
    '  eap=TLS',
    `  identity=${hex(identity)}`,
    `  ca_cert="${caFile}"`,
    `  ocsp=${ocsp[revocation]}`,
    ...(serverName === undefined ? [] : [`  domain_suffix_match=${hex(serverName)}`]),
    `  client_cert="${chainFile}"`,
    `  private_key="${keyFile}"`,
    '}',
    '',
  ].join('\n')
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}
