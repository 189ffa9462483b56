export { benchCommand, openBench } from './bench.js'
export { runOnBench } from './run-bench.js'
