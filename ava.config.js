// Tests run as compiled JavaScript: ava on ts-node was 6 to 8 times slower.
export default {
  files: ['build/test/**/*.test.js'],
  nodeArguments: ['--enable-source-maps'],
  timeout: '120s',
}
