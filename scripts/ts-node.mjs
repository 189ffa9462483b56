// `node --import ./scripts/ts-node.mjs rig/main.ts …` runs the sources without a build (development only).
// `npx ts-node --esm` fails on Node 20; registering the loader by hand works.
import { register } from 'node:module'

register('ts-node/esm/transpile-only', import.meta.url)
