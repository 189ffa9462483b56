/** Keys with their certificates in files: PKCS#12 (RFC 7292) read and written, PEM read. Pure and synchronous. */
export { pemOrBytes, readKeyMaterial, type KeyMaterial } from './key-material.js'
export { keyFileLimits } from './limits.js'
export { readPkcs12, type Bag, type Pkcs12, type ReadingRules } from './read.js'
export { exportRounds, writePkcs12, type Pkcs12Fields } from './write.js'
