import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { postgresPrograms } from './postgres-programs.js';

/** A Debian package that tests, bench and demo need, and how to see that it is there. */
interface SystemPackage {
  readonly name: string;
  readonly proof: readonly string[];
  /** What must be done before it is installed, as a command of the shell. */
  readonly before?: string;
}

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const ARM_LIBRARIES = '/usr/lib/aarch64-linux-gnu';

/**
 * Debian's package would make a database cluster and start it on port 5432. This is its documented way not to; a
 * machine that has the package or was set up otherwise is left as it is.
 */
const NO_CLUSTER =
  'apt-get install --yes --no-install-recommends postgresql-common && ' +
  'sed -i "s/^#create_main_cluster = true/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf';

const PACKAGES: readonly SystemPackage[] = [
  { name: 'softhsm2', proof: ['/usr/lib/softhsm/libsofthsm2.so'] },
  { name: 'libnss3', proof: [`${LIBRARIES}/libsoftokn3.so`, `${ARM_LIBRARIES}/libsoftokn3.so`] },
  { name: 'p11-kit', proof: ['/usr/bin/p11-kit'] },
  {
    name: 'p11-kit-modules',
    proof: [`${LIBRARIES}/pkcs11/p11-kit-client.so`, `${ARM_LIBRARIES}/pkcs11/p11-kit-client.so`],
  },
  {
    name: 'postgresql',
    proof: [join(postgresPrograms() ?? '/usr/lib/postgresql', 'postgres')],
    before: NO_CLUSTER,
  },
  // The example service: its certificates, its requests, its page in a browser that can show Japanese.
  { name: 'openssl', proof: ['/usr/bin/openssl'] },
  { name: 'curl', proof: ['/usr/bin/curl'] },
  { name: 'chromium', proof: ['/usr/bin/chromium'] },
  { name: 'fonts-noto-cjk', proof: ['/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'] },
];

/** Path of the SoftHSM module. */
export const SOFTHSM_MODULE = proofOf('softhsm2');
/** Path of the NSS softokn module. */
export const NSS_MODULE = proofOf('libnss3');
/** Path of the module that speaks to a p11-kit server. */
export const P11_KIT_CLIENT_MODULE = proofOf('p11-kit-modules');

/** Path of the browser. */
export const CHROMIUM = proofOf('chromium');

/**
 * Sees that these packages are there, all that tests and bench need unless named; installs them where this user may,
 * else fails with the one command that does.
 */
export function ensureSystemPackages(...names: readonly string[]): void {
  const wanted = PACKAGES.filter(({ name }) => names.length === 0 || names.includes(name));
  const absent = wanted.filter(({ proof }) => !proof.some((path) => existsSync(path)));
  const missing = absent.map(({ name }) => name);
  if (missing.length === 0) return;
  const command = [
    'apt-get update',
    ...absent.flatMap(({ before }) => before ?? []),
    `apt-get install --yes --no-install-recommends ${missing.join(' ')}`,
  ].join(' && ');
  const advice = `These system packages are missing: ${missing.join(', ')}. Install them with:\n\n  sudo sh -c '${command}'\n`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(advice);
  process.stderr.write(`Installing system packages: ${missing.join(', ')}\n`);
  try {
    execFileSync('sh', ['-c', command], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch {
    throw new Error(advice);
  }
}

function proofOf(name: string): string {
  const proof = PACKAGES.find((entry) => entry.name === name)?.proof ?? [];
  return proof.find((path) => existsSync(path)) ?? proof[0] ?? '';
}
