import { randomBytes } from 'node:crypto';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import type { IssuanceStore } from '../stores/port.js';
import type { ScannedPage } from './scan.js';

/**
 * Store codes from a place drawn at random on, and on from the first one after the last: codes look random, so that
 * people who stand in a row have nothing in common. All, where there are no more.
 */
export async function drawPeople(
  store: IssuanceStore,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<ScannedPage> {
  const after = randomBytes(CODE_LENGTH);
  const { storeCodes, canonical } = await store.persons({ after, limit, ...signalOption(signal) });
  const rows = storeCodes.length / CODE_LENGTH;
  const aliases = new Set(canonical.keys());
  if (rows === limit) return { storeCodes, aliases };
  const first = await store.persons({ limit: limit - rows, ...signalOption(signal) });
  let taken = 0;
  for (; taken < first.storeCodes.length / CODE_LENGTH; taken++) {
    const code = first.storeCodes.subarray(taken * CODE_LENGTH, (taken + 1) * CODE_LENGTH);
    if (Buffer.compare(code, after) > 0) break;
    if (first.canonical.has(taken)) aliases.add(rows + taken);
  }
  const before = first.storeCodes.subarray(0, taken * CODE_LENGTH);
  return { storeCodes: Buffer.concat([storeCodes, before]), aliases };
}
