import type { FaultKind } from './behaviour.js'
import * as chain from './chain.js'
import * as decision from './decision.js'
import * as reply from './reply.js'
import * as transport from './transport.js'

/** Every fault by the name that scripts use (scep.md S-7). */
export const faultKinds = {
  'refuse': transport.refuse,
  'reset': transport.reset,
  'delay': transport.delay,
  'slow-body': transport.slowBody,
  'half-reply': transport.halfReply,
  'http-status': transport.httpStatus,
  'redirect': transport.redirect,
  'wrong-mime': transport.wrongMime,
  'html-caps': transport.htmlCaps,
  'empty-caps': transport.emptyCaps,
  'blank-line-caps': transport.blankLineCaps,
  'garbage-cms': transport.garbageCms,
  'huge': transport.huge,
  'wrong-nonce': reply.wrongNonce,
  'no-nonce': reply.noNonce,
  'short-nonce': reply.shortNonce,
  'replay': reply.replay,
  'other-transaction': reply.otherTransaction,
  'other-signer': reply.otherSigner,
  'look-alike-signer': reply.lookAlikeSigner,
  'no-certs': reply.noCerts,
  'one-byte-content': reply.oneByteContent,
  'des-reply': reply.desReply,
  'triple-des-reply': reply.tripleDesReply,
  'sha1-reply': reply.sha1Reply,
  'oaep-reply': reply.oaepReply,
  'unsorted-attributes': reply.unsortedAttributes,
  'no-sender-nonce': reply.noSenderNonce,
  'old-signing-time': reply.oldSigningTime,
  'ber': reply.ber,
  'wrong-content-type': reply.wrongContentType,
  'unknown-status': reply.unknownStatus,
  'pending': decision.pending,
  'pending-forever': decision.pendingForever,
  'fail': decision.fail,
  'ndes-error': decision.ndesError,
  'wrong-key-cert': decision.wrongKeyCert,
  'not-yet-valid': decision.notYetValid,
  'expired': decision.expired,
  'chain-missing': chain.chainMissing,
  'chain-shuffled': chain.chainShuffled,
  'ca-rollover': chain.caRollover,
} as const satisfies Readonly<Record<string, FaultKind>>

export type FaultName = keyof typeof faultKinds
