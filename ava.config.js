// The native part of serialport belongs to the main thread: in a worker thread it aborts the whole process.
const system = process.argv.some((word) => word.startsWith('build/test/together'))

// Tests run as compiled JavaScript: ava on ts-node was 6 to 8 times slower.
const long = ['schedule/simulation', 'key-store/power-cut', 'issuance/faults', 'verdicts/uniform', 'scenarios/promises', 'smp/', 'broker/', 'conformance/']
const weight = (file) => (long.some((part) => file.includes(part)) ? 1 : 0)

export default {
  files: ['build/test/**/*.test.js'],
  nodeArguments: ['--enable-source-maps'],
  // The longest first, so that no core is left waiting for them at the end.
  sortTestFiles: (a, b) => weight(b) - weight(a),
  timeout: '120s',
  workerThreads: !system,
}
