export { benchCommand } from './bench.js'
