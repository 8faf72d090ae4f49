import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    pkcs11: 'src/vault/pkcs11/index.ts',
    'pkcs11-worker': 'src/vault/pkcs11/worker/main.ts',
    software: 'src/vault/software/index.ts',
    sqlite: 'src/stores/sqlite/index.ts',
    postgres: 'src/stores/postgres/index.ts',
    delivery: 'src/delivery/index.ts',
    audit: 'src/audit/index.ts',
    extraction: 'src/records/extraction/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'node20.19',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  // Declarations come from tsc (see tsconfig.build.json) and stay.
  clean: ['!types/**'],
  dts: false,
});
