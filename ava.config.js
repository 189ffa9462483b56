// The native part of serialport belongs to the main thread: in a worker thread it aborts the whole process.
const system = process.argv.some((word) => word.startsWith('build/test/together'))

// Tests run as compiled JavaScript: ava on ts-node was 6 to 8 times slower.
export default {
  files: ['build/test/**/*.test.js'],
  nodeArguments: ['--enable-source-maps'],
  timeout: '120s',
  workerThreads: !system,
}
