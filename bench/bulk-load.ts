import { join } from 'node:path';
import { syntheticResidents } from '../test/support/residents.js';
import type { BareTarget } from './bare-comparison.js';
import type { Issuing } from './issuing.js';
import { peakRssMiB } from './peak-rss.js';
import { RateCurve } from './rate-curve.js';
import type { BenchResult } from './results.js';
import { sortedCodes } from './sorted-codes.js';
import { INSTITUTIONS } from './token.js';

const SEED = 9;
/** Residents a batch. */
const BATCH = 100_000;
/** Rows of the bare insert: it keeps its rate, so more would only take longer. */
const MOST_BARE_ROWS = 10_000_000;

/** Makes a population batch by batch, and keeps the time that this takes. */
class Population {
  seconds = 0;

  *batches(residents: number): Generator<Uint8Array> {
    for (let first = 0; first < residents; first += BATCH) {
      const start = performance.now();
      const batch = syntheticResidents(SEED, first, Math.min(BATCH, residents - first));
      this.seconds += (performance.now() - start) / 1000;
      yield batch;
    }
  }
}

/** A whole population through a bulk load: from the first request to the last answer, each of which is read. */
export async function measureBulkLoad(
  name: string,
  { issuer, folder }: Issuing,
  rows: number,
): Promise<BenchResult> {
  const population = new Population();
  const start = performance.now();
  await using load = await issuer.openBulkLoad(INSTITUTIONS[0], { folder: join(folder, 'spill') });
  await load.receive(population.batches(rows));
  const received = performance.now();
  const curve = new RateCurve(rows, received);
  await load.store({ onProgress: ({ stored }) => curve.report(stored, performance.now()) });
  const stored = performance.now();
  let issued = 0;
  for await (const answers of load.answers()) {
    for (const { status } of answers) if (status === 'issued') issued++;
  }
  const end = performance.now();
  if (issued !== rows) throw new Error('the bulk load was not clean');
  await load.erase();
  return {
    name,
    unit: 'residents/s',
    rate: (rows * 1000) / (end - start),
    peakRssMiB: peakRssMiB(),
    rows,
    seconds: {
      generate: population.seconds,
      receive: (received - start) / 1000 - population.seconds,
      store: (stored - received) / 1000,
      answers: (end - stored) / 1000,
    },
    curve: curve.points(),
    lastTenthOverFirst: curve.lastTenthOverFirst(),
  };
}

/** Rate of the bare insert of rows in key order. */
export async function bareBulkRate(bare: BareTarget, rows: number): Promise<number> {
  const inserted = Math.min(rows, MOST_BARE_ROWS);
  let ms = 0;
  for (const codes of sortedCodes(inserted)) {
    const start = performance.now();
    await bare.insert(codes);
    ms += performance.now() - start;
  }
  return (inserted * 1000) / ms;
}
