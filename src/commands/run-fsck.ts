import { parseArgs } from 'node:util';
import { RenkeiError, type StoreFinding } from 'renkei';
import { openExistingStore } from './open-store.js';

const USAGE = 'usage: npm run --silent fsck -- --sqlite PATH | --postgres-env NAME [--schema NAME]';

/** What a check has to say. */
export interface FsckReport {
  /** One line a finding, and one that sums up. */
  readonly text: string;
  /** How many invariants do not hold. */
  readonly findings: number;
}

/**
 * Checks a store by itself, without a vault: no PIN is needed, and no store code is opened. `Issuer.checkStore` does
 * that as well.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or a store error
 */
export async function runFsck(args: readonly string[]): Promise<FsckReport> {
  const { sqlite, 'postgres-env': postgres, schema } = readValues(args);
  const store = await openExistingStore({ sqlite, postgres, schema }, USAGE);
  try {
    // A store that was made and never used is not the one that was meant, and must not pass for a store in order.
    if ((await store.listKeys()).length === 0) {
      throw new RenkeiError(
        'OPTION_INVALID',
        'there are no keys on record: no issuer was ever opened on this store',
      );
    }
    const findings = await store.check();
    if (findings.length > 0) {
      const text = `${findings.map(line).join('')}findings: ${findings.length}\n`;
      return { text, findings: findings.length };
    }
    const { keys, persons, aliases, issuances } = await store.count();
    const text = `clean: keys ${keys}, persons ${persons}, aliases ${aliases}, issuances ${issuances}\n`;
    return { text, findings: 0 };
  } finally {
    await store.close();
  }
}

function line({ invariant, rows, detail }: StoreFinding): string {
  return `${invariant}: ${rows}${detail === undefined ? '' : ` (${detail})`}\n`;
}

function readValues(args: readonly string[]) {
  try {
    const options = {
      sqlite: { type: 'string' },
      'postgres-env': { type: 'string' },
      schema: { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch {
    throw new RenkeiError('OPTION_UNKNOWN', USAGE);
  }
}
