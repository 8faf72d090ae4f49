import { copyOf } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import { type HeldRows, MAX_BATCH_ROWS } from '../../stores/port.js';
import { everyRow } from '../every-row.js';
import type { IssuerParts } from '../issuer-parts.js';
import { writing } from '../operation.js';
import { distinctRows } from '../spill/distinct-rows.js';
import type { RowOutcomes } from '../spill/outcome-blocks.js';
import { PARTITIONS } from '../spill/partition-buffers.js';
import type { Spill } from '../spill/spill.js';
import { EarlierRun } from './earlier-run.js';
import { ISSUED_NOW, type LoadRecord, requireSameKeys } from './load-record.js';

/** How far storing has come. */
export interface StoreProgress {
  /** Requests whose people are stored, and the refused ones. */
  readonly stored: number;
  /** All requests of the load. */
  readonly received: number;
}

/**
 * Puts the people of a load into the store, partition after partition in key order, in batches in key order: each page
 * of a table is filled once, however large the table is. Small partitions share a batch. What became of a group of
 * partitions is durable before the next begins.
 */
export async function storePeople(
  parts: IssuerParts,
  spill: Spill<LoadRecord>,
  batchRows: number,
  signal: AbortSignal | undefined,
  onProgress: ((progress: StoreProgress) => void) | undefined,
): Promise<void> {
  throwIfAborted(signal);
  const earlier = spill.about.state === 'storing' ? new EarlierRun(parts, spill) : undefined;
  const refused = spill.received - spill.partitionRows.reduce((sum, rows) => sum + rows, 0);
  if (spill.about.state === 'receiving') {
    const counts = { ...spill.about.counts, refused };
    await spill.checkpoint({ ...spill.about, state: 'storing', counts });
  }
  let first = spill.firstOpenPartition;
  // The group that an earlier run was at may have been as large as this, whatever its batches were.
  const earlierEnd = first < PARTITIONS ? groupEnd(spill.partitionRows, first, MAX_BATCH_ROWS) : first;
  while (first < PARTITIONS) {
    const end = groupEnd(spill.partitionRows, first, batchRows);
    const cutOff = first < earlierEnd ? earlier : undefined;
    const outcomes = await storeGroup(parts, spill, first, end, batchRows, cutOff, signal);
    try {
      await spill.checkpoint(writeOutcomes(spill, first, end, outcomes));
    } catch (error) {
      spill.rollBack();
      throw error;
    }
    first = end;
    const { issued, alreadyIssued } = spill.about.counts;
    onProgress?.({ stored: issued + alreadyIssued + refused, received: spill.received });
  }
  await spill.checkpoint({ ...spill.about, state: 'stored' });
}

/** Partitions from `first` on that fit one batch; at least one. */
function groupEnd(partitionRows: Uint32Array, first: number, batchRows: number): number {
  let end = first;
  let rows = 0;
  do rows += partitionRows[end++] as number;
  while (end < PARTITIONS && rows + (partitionRows[end] as number) <= batchRows);
  return end;
}

async function storeGroup(
  parts: IssuerParts,
  spill: Spill<LoadRecord>,
  first: number,
  end: number,
  batchRows: number,
  earlier: EarlierRun | undefined,
  signal: AbortSignal | undefined,
): Promise<RowOutcomes> {
  const { keyVersion } = spill.about;
  const { codes, firstRows, numbers } = distinctRows(spill.readPartitions(first, end));
  const held = new Uint8Array(firstRows.length);
  const canonical = new Map<number, Uint8Array>();
  for (let from = 0; from < firstRows.length; from += batchRows) {
    throwIfAborted(signal);
    const storeCodes = codes.subarray(from * CODE_LENGTH, (from + batchRows) * CODE_LENGTH);
    const rows = await storeBatch(parts, spill.about, storeCodes, signal);
    const versions = earlier === undefined ? rows.versions : await earlier.asIfFirst(storeCodes, rows, first);
    held.set(versions, from);
    for (const [row, own] of rows.canonical) canonical.set(from + row, copyOf(own));
  }
  const outcomes = new Uint8Array(numbers.length);
  const own = new Map<number, Uint8Array>();
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] as number;
    const version = held[number] as number;
    const isRepeated = firstRows[number] !== row;
    // Whoever stands in the list again has got the code by then.
    outcomes[row] = isRepeated && version === ISSUED_NOW ? keyVersion : version;
    const ownCode = canonical.size === 0 ? undefined : canonical.get(number);
    if (ownCode !== undefined) own.set(row, ownCode);
  }
  return { outcomes, own };
}

/** Stores a batch, and again where keys were switched or retired that are not its own. */
function storeBatch(
  parts: IssuerParts,
  load: LoadRecord,
  storeCodes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<HeldRows> {
  const { institution, keyVersion, generation, issuedAt } = load;
  return writing(parts, signal, async ({ store, keys }) => {
    await requireSameKeys(keys, load);
    const batch = { institution, keyVersion, generation, issuedAt, storeCodes };
    return everyRow(await store.issue(batch, keys.callOptions(signal)), storeCodes.length / CODE_LENGTH);
  });
}

/** Writes the outcomes of a group, by partition; gives the record of the load with them counted. */
function writeOutcomes(
  spill: Spill<LoadRecord>,
  first: number,
  end: number,
  { outcomes, own }: RowOutcomes,
): LoadRecord {
  let { issued, alreadyIssued } = spill.about.counts;
  for (const outcome of outcomes) {
    if (outcome === ISSUED_NOW) issued++;
    else alreadyIssued++;
  }
  let start = 0;
  for (let partition = first; partition < end; partition++) {
    const rows = spill.partitionRows[partition] as number;
    const ownRows = [...own].filter(([row]) => row >= start && row < start + rows);
    spill.appendOutcomes(partition, {
      outcomes: outcomes.subarray(start, start + rows),
      own: new Map(ownRows.map(([row, code]) => [row - start, code])),
    });
    start += rows;
  }
  return { ...spill.about, counts: { ...spill.about.counts, issued, alreadyIssued } };
}
