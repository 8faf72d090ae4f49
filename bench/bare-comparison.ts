import { type Audience, parseAudience } from 'renkei';
import { inOrder, keyOrder } from '../src/stores/key-order.js';
import { type Issuing, issueAll } from './issuing.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { INSTITUTIONS } from './token.js';

const SEED = 5;

/** What a store costs at least: rows in, durable when it returns, and nothing else. */
export interface BareTarget {
  /** One transaction. @param codes packed, in key order */
  readonly insert: (codes: Uint8Array) => void | Promise<void>;
}

/** Online issuance round by round, each right after the bare insert of the same rows. */
export async function compareWithBareInsert(
  name: string,
  { vault, issuer }: Issuing,
  bare: BareTarget,
  { rounds, residents }: { readonly rounds: number; readonly residents: number },
): Promise<BenchResult> {
  const store = parseAudience('store/1').name as Audience;
  const times: { readonly issueMs: number; readonly bareMs: number }[] = [];
  for (let first = 0; first < rounds * residents; first += residents) {
    const rows: Uint8Array[] = [];
    for (const request of requests(SEED, first, residents)) {
      const { codes } = await vault.derive(request.residents as Uint8Array, [store]);
      rows.push(codes[0] as Uint8Array);
    }
    const batches = [...requests(SEED, first, residents)];
    const start = performance.now();
    for (const codes of rows) await bare.insert(inOrder(codes, keyOrder(codes)));
    const between = performance.now();
    await issueAll(issuer, INSTITUTIONS[0], batches);
    times.push({ bareMs: between - start, issueMs: performance.now() - between });
  }
  const rate = (key: 'issueMs' | 'bareMs') =>
    (rounds * residents * 1000) / times.reduce((sum, time) => sum + time[key], 0);
  return {
    name,
    unit: 'residents/s',
    rate: rate('issueMs'),
    limit: rate('bareMs'),
    ratio: median(times.map(({ issueMs, bareMs }) => bareMs / issueMs)),
  };
}
