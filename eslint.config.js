import tseslint from 'typescript-eslint'

const ioModules = ['fs', 'fs/promises', 'child_process', 'net', 'tls', 'http', 'https', 'dgram', 'dns', 'os', 'timers', 'timers/promises', 'worker_threads']
const throughPorts = 'Time, randomness, disk, network and processes come through the ports of firmware/platform.'

export default tseslint.config(
  { ignores: ['build/', 'node_modules/', 'out/', 'scripts/', '*.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  {
    files: ['protocol/**/*.ts', 'firmware/**/*.ts', 'rig/**/*.ts'],
    ignores: ['firmware/platform/**', 'rig/platform/**'],
    rules: {
      'no-restricted-globals': ['error', ...['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'performance', 'crypto'].map((name) => ({ name, message: throughPorts }))],
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: throughPorts },
        { object: 'Math', property: 'random', message: throughPorts },
      ],
      'no-restricted-imports': ['error', {
        paths: [
          ...ioModules.flatMap((name) => [name, `node:${name}`]).map((name) => ({ name, message: throughPorts })),
          { name: 'node:crypto', importNames: ['randomBytes', 'randomInt', 'randomUUID', 'webcrypto'], message: throughPorts },
        ],
      }],
      'no-restricted-syntax': ['error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: throughPorts },
      ],
    },
  },
  { files: ['test/**/*.ts', 'benchmark/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: ['benchmark/main.ts'], rules: { 'no-console': 'off' } },
)
