import { RenkeiError } from '../../errors/renkei-error.js';
import type { IssuanceStore } from '../port.js';
import { openSqliteStore } from './sqlite-store.js';

/** Opens a file that was made just now and checks it; what `read` gives is the answer. */
export async function verified<T>(
  call: string,
  path: string,
  signal: AbortSignal | undefined,
  read: (store: IssuanceStore) => Promise<T>,
): Promise<T> {
  await using store = await openSqliteStore({ path });
  const answer = await read(store);
  const findings = await store.check(signal === undefined ? {} : { signal });
  if (findings.length === 0) return answer;
  const broken = findings.map(({ invariant, rows }) => `${invariant} (${rows})`).join(', ');
  throw new RenkeiError('STORE_CORRUPT', `${call}: the copy is not sound: ${broken}`);
}
