import { institutionAudience, type Vault } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { syntheticResidents } from '../test/support/residents.js';
import { makeScratchToken } from '../test/support/softhsm.js';
import { readBenchOptions } from './options.js';
import { compare, paceOf, type Work } from './rounds.js';

/**
 * What enforcement by the HSM costs: sealed translation under keys of level 3 beside the same under keys of level 2.
 * In a process of its own, since a token made while a module is open is not seen by it. Sends its result to its parent.
 */

const ROWS = 512;
const FROM = institutionAudience('RENKEIBENCH1', 1);
const TO = institutionAudience('RENKEIBENCH2', 1);

async function translation(vault: Vault): Promise<Work> {
  const { codes } = await vault.derive(syntheticResidents(4, 0, ROWS), [FROM]);
  return async () => {
    await vault.translate(codes[0] as Uint8Array, FROM, [TO]);
    return ROWS;
  };
}

async function main(): Promise<void> {
  const { quick } = readBenchOptions(process.argv.slice(2), process.env);
  const scratch = makeScratchToken('renkei-level-2');
  scratch.addToken('renkei-level-3');
  try {
    const access = (level: 2 | 3) => ({
      module: scratch.module,
      token: { label: `renkei-level-${level}` },
      pin: scratch.pin,
    });
    for (const level of [2, 3] as const) {
      const keys = ['link/1', FROM, TO].map((name) => ({ name, level }));
      await provisionKeys({ ...access(level), soPin: () => scratch.soPin, keys });
    }
    await using sealed = await openPkcs11Vault({ ...access(2), minimumLevel: 2 });
    await using enforced = await openPkcs11Vault({ ...access(3), minimumLevel: 3 });
    const result = await compare(paceOf(quick), await translation(enforced), await translation(sealed));
    process.send?.({ name: 'sealed.translate-level-3', unit: 'codes/s', ...result });
  } finally {
    scratch.remove();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the measurement failed');
  process.exitCode = 1;
});
