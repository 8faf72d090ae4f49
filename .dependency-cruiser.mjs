/** The dependency arrows of docs/design.md: imports run downwards. Any other arrow fails `npm run check`. */

const only = (folder, allowed) => ({
  name: `${folder.replaceAll('/', '-')}-imports-downwards`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...allowed.map((path) => `^src/${path}`)] },
});

const driver = (name, folder) => ({
  name: `${name}-only-in-${folder.replaceAll('/', '-')}`,
  severity: 'error',
  from: { pathNot: `^src/${folder}/` },
  to: { path: `node_modules/(@types/)?${name}/` },
});

const BASE = ['errors/', 'bytes/', 'lifecycle/'];
const NOUNS = [...BASE, 'subjects/', 'codes/'];
/** The port, and what all vaults share. */
const VAULT_PORT = ['vault/[a-z-]+\\.ts$'];
const STORE_PORT = ['stores/[a-z-]+\\.ts$'];

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    only('errors', []),
    only('bytes', ['errors/']),
    only('lifecycle', ['errors/', 'bytes/']),
    only('subjects', ['errors/', 'bytes/']),
    only('codes', ['errors/', 'bytes/', 'subjects/']),
    only('scheme', NOUNS),
    {
      name: 'vault-imports-downwards',
      severity: 'error',
      from: { path: '^src/vault/' },
      to: {
        path: '^src/',
        pathNot: ['^src/vault/', '^src/scheme/', '^src/signatures/', ...NOUNS.map((path) => `^src/${path}`)],
      },
    },
    only('vault/software', [...VAULT_PORT, 'scheme/', 'signatures/', ...NOUNS]),
    only('vault/replicas', [...VAULT_PORT, ...NOUNS]),
    only('vault/pkcs11', [...VAULT_PORT, 'scheme/', 'signatures/', ...NOUNS]),
    {
      name: 'stores-know-codes-not-vaults',
      severity: 'error',
      from: { path: '^src/stores/' },
      to: {
        path: '^src/',
        pathNot: ['^src/stores/', '^src/signatures/', ...NOUNS.map((path) => `^src/${path}`)],
      },
    },
    only('stores/memory', [...STORE_PORT, 'signatures/', ...NOUNS]),
    only('stores/sqlite', [...STORE_PORT, 'signatures/', ...NOUNS]),
    only('stores/postgres', [...STORE_PORT, 'signatures/', ...NOUNS]),
    only('issuance', [...VAULT_PORT, ...STORE_PORT, ...NOUNS]),
    only('signatures', NOUNS),
    only('delivery', ['signatures/', ...NOUNS]),
    only('rotation', ['issuance/', 'delivery/', 'signatures/', ...VAULT_PORT, ...STORE_PORT, ...NOUNS]),
    only('audit', ['signatures/', ...VAULT_PORT, ...STORE_PORT, ...NOUNS]),
    only('mediation', ['issuance/', 'audit/', 'signatures/', ...VAULT_PORT, ...STORE_PORT, ...NOUNS]),
    only('records', [
      'issuance/',
      'delivery/',
      'rotation/(options|receipts?)\\.ts$',
      'audit/',
      'signatures/',
      ...VAULT_PORT,
      ...STORE_PORT,
      ...NOUNS,
    ]),
    only('testing', [...STORE_PORT, 'signatures/', ...NOUNS]),
    {
      // The contract suite is for those who write a store; nothing of it runs in service.
      name: 'nobody-imports-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      // It must run under any test runner, and where none is installed.
      name: 'testing-needs-no-package',
      severity: 'error',
      from: { path: '^src/testing/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/@types/node/' },
    },
    {
      name: 'nobody-imports-commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    {
      name: 'ports-know-no-adapter',
      severity: 'error',
      from: { path: '^src/(vault|stores)/[a-z-]+\\.ts$' },
      to: { path: '^src/(vault|stores)/[a-z-]+/' },
    },
    {
      // `renkei` itself must load where no driver is installed.
      name: 'index-needs-no-driver',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: 'node_modules/(pkcs11js|better-sqlite3|koffi|pg|age-encryption)/', reachable: true },
    },
    driver('pkcs11js', 'vault/pkcs11'),
    driver('better-sqlite3', 'stores/sqlite'),
    driver('pg', 'stores/postgres'),
    driver('koffi', 'vault/pkcs11'),
    driver('age-encryption', 'records/extraction'),
    {
      // Commands are run in a clone, where the packages for development are. The library has no progress bar.
      name: 'progress-bars-only-in-commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/commands/' },
      to: { path: 'node_modules/(@types/)?cli-progress/' },
    },
    {
      // The drivers are peers, and for our own tests development dependencies.
      name: 'no-unlisted-package',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(@types|pkcs11js|better-sqlite3|pg|age-encryption|cli-progress)/',
      },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
