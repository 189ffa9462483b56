/** Cryptographically strong random bytes, passed in so that a test can give its own. */
export type RandomBytes = (count: number) => Uint8Array<ArrayBuffer>
