import type { Phase } from './request-machine.js'

/** Tells a person what is being done. */
export type ReportProgress = (progress: Progress) => void

export interface Progress {
  readonly phase: Phase
  /** One short sentence. */
  readonly text: string
}

const sentences: { readonly [At in Phase]: string } = {
  'reserving-slot': 'Taking a place in the key store …',
  'checking-server': 'Checking the server\'s certificate …',
  'making-key': 'Making a key …',
  'keeping-key': 'Keeping the key …',
  'recording-intent': 'Writing the request down …',
  'sending-request': 'Sending the request …',
  'asking-again': 'Asking the server again …',
  'storing-certificate': 'Storing the certificate …',
  'switching-use': 'Putting the certificate to its use …',
}

/** @param bits the length of the key, where one is made */
export function progressOf(phase: Phase, bits?: number): Progress {
  return { phase, text: phase === 'making-key' && bits !== undefined ? `Making a ${bits}-bit key …` : sentences[phase] }
}
