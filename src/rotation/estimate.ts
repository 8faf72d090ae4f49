import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { PAIR_LENGTH } from './part-file.js';
import type { RotationEstimate, RotationRates, RotationStep } from './rotation-plan.js';

/** What is to be done, of whatever deployment. */
export interface Workload {
  readonly people: number;
  /** Rotations of this kind. */
  readonly rotations: number;
  /** Store codes that get a successor, and are moved to it. */
  readonly storeCodes: number;
  /** Whether a list of residents brings the successors. */
  readonly fromList: boolean;
  /** Pairs of institutions. */
  readonly pairs: number;
  /** Pairs of record periods. */
  readonly records: number;
}

/**
 * What it may take with one worker. Reading, recording and computing overlap, so that the slower counts; files are
 * written, merged and written again one after the other.
 */
export function estimate(work: Workload, rates: RotationRates | undefined): RotationEstimate {
  const { people, rotations, storeCodes, pairs: institutions, records } = work;
  const pairs = institutions + records;
  // Parts are there until the delivery is whole, and that is copied once while it is written.
  const bytes = pairs * (PAIR_LENGTH + CODE_LENGTH + 2 * PAIR_LENGTH);
  const facts = { people, rotations, pairs, bytes };
  if (rates === undefined) return facts;
  const steps: [RotationStep['step'], number, number][] = [
    ['successors', storeCodes, successorSeconds(work, rates)],
    ['pairs', institutions, pairSeconds(institutions, work, rates)],
    ['record-pairs', records, pairSeconds(records, work, rates)],
    ['deliveries', pairs, pairs / rates.merging + pairs / rates.writing],
    ['moving', storeCodes, storeCodes / rates.moving],
  ];
  const total = steps.reduce((sum, [, , seconds]) => sum + seconds, 0);
  return {
    ...facts,
    seconds: Math.ceil(total),
    steps: steps
      .filter(([, rows]) => rows > 0)
      .map(([step, rows, seconds]) => ({ step, rows, seconds, share: seconds / total })),
  };
}

function successorSeconds({ storeCodes, fromList }: Workload, rates: RotationRates): number {
  const { codes, advancing = codes, reading = Infinity, recording } = rates;
  // Of a list both codes are derived; what is there is not read.
  if (fromList) return Math.max((2 * storeCodes) / codes, storeCodes / recording);
  return Math.max(storeCodes / advancing, storeCodes / reading + storeCodes / recording);
}

function pairSeconds(pairs: number, { storeCodes }: Workload, rates: RotationRates): number {
  const { codes, reading = Infinity, writing } = rates;
  // Where there are successors they are read besides.
  const reads = storeCodes > 0 ? 2 * pairs : pairs;
  return Math.max((2 * pairs) / codes, reads / reading) + pairs / writing;
}
