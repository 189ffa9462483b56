// `node --import ./scripts/ts-node.mjs rig/main.ts …` runs the sources without a build (development only).
// `npx ts-node --esm` fails on Node 20; registering the loader by hand works.
import { register } from 'node:module'

// The solution file of the four parts has no sources of its own, and TypeScript refuses `composite` and a missing rootDir there.
process.env['TS_NODE_COMPILER_OPTIONS'] ??= '{"composite":false,"rootDir":"."}'
register('ts-node/esm/transpile-only', import.meta.url)
