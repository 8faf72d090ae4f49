import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { MerkleTree } from '../signatures/merkle-tree.js';
import type { LogHead, StoredCheckpoint } from '../stores/log-port.js';
import type { AccessRecord, RecordPeriodState, RecordStore } from '../stores/record-port.js';
import { hex } from './answers.js';

/** A row in a shape that compares and reads well. */
export type PlainRecord = ReturnType<typeof plain>;

/** All that a row says, its record code as hex digits. */
export function plain(record: AccessRecord) {
  const { serial, branch, period, entry, recordedAt, content, origin, digest } = record;
  return {
    serial,
    branch,
    period,
    recordCode: hex(record.recordCode),
    entry,
    recordedAt,
    content,
    origin,
    digest,
  };
}

/** The same of several rows. */
export function plainAll(records: readonly AccessRecord[]): readonly PlainRecord[] {
  return records.map(plain);
}

/** The same where there may be none. */
export function plainEach(
  records: readonly (AccessRecord | undefined)[],
): readonly (PlainRecord | undefined)[] {
  return records.map((record) => (record === undefined ? undefined : plain(record)));
}

/** The end of a log in a shape that compares well. */
export function plainHead({ size, at, last, subtrees }: LogHead) {
  return { size, at, last: hex(last), subtrees: subtrees.map(hex) };
}

/** All that a record file can be made to say of what it holds. */
export interface RecordFileContent {
  readonly records: readonly PlainRecord[];
  readonly periods: readonly RecordPeriodState[];
  readonly head: ReturnType<typeof plainHead>;
  readonly entries: readonly string[];
  /** Hashes of leaves, and of subtrees of 256 and of 65,536 leaves, as hex digits. */
  readonly hashes: readonly (readonly string[])[];
  readonly checkpoints: readonly StoredCheckpoint[];
}

/** More than any case writes: whoever gives more gives the same page again and again. */
const MOST_READ = 50_000;

function assertEnds(read: readonly unknown[]): void {
  assert.ok(read.length < MOST_READ, 'the pages come to an end');
}

/** Reads a record file from end to end. */
export async function recordContentOf(store: RecordStore, limit = 1_000): Promise<RecordFileContent> {
  const records: AccessRecord[] = [];
  for (;;) {
    const last = records.at(-1);
    const after = last === undefined ? {} : { after: { serial: last.serial, branch: last.branch } };
    const page = await store.records({ ...after, limit });
    records.push(...page);
    assertEnds(records);
    if (page.length < limit) break;
  }
  const checkpoints = await store.checkpoints({ from: 0, limit });
  assert.ok(checkpoints.length < limit, 'no case keeps so many checkpoints');
  return {
    records: plainAll(records),
    periods: await store.periods(),
    head: plainHead(await store.logHead()),
    entries: await entriesOf(store, limit),
    hashes: [
      await hashesOf(store, 0, limit),
      await hashesOf(store, 8, limit),
      await hashesOf(store, 16, limit),
    ],
    checkpoints,
  };
}

/** All entries of a log, page by page. */
export async function entriesOf(store: RecordStore, limit = 1_000): Promise<readonly string[]> {
  const entries: string[] = [];
  for (;;) {
    const page = await store.logEntries({ from: entries.length, limit });
    entries.push(...page);
    assertEnds(entries);
    if (page.length < limit) return entries;
  }
}

async function hashesOf(store: RecordStore, level: number, limit: number): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (;;) {
    const page = hex(await store.logHashes({ level, from: hashes.length, limit })).match(/.{64}/g) ?? [];
    hashes.push(...page);
    assertEnds(hashes);
    if (page.length < limit) return hashes;
  }
}

/** Holds that something leaves a record file as it was. */
export async function assertFileUnchanged(store: RecordStore, action: () => Promise<void>): Promise<void> {
  const before = await recordContentOf(store);
  await action();
  assert.deepEqual(await recordContentOf(store), before);
}

/** An entry of a log as this suite reads it. */
export interface PlainEntry {
  readonly at: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly event: string;
  readonly index: number;
  readonly previous: string;
}

/** Reads entries. */
export function readEntries(texts: readonly string[]): readonly PlainEntry[] {
  return texts.map((text) => JSON.parse(text));
}

/**
 * Holds that a record file agrees with itself: the log is one chain and its head that of a tree computed apart, every row
 * has its digest in the entry that it names, every entry of a row has its row, serial numbers and branches have no gaps
 * but for what was erased, and the periods count their rows. Gives the content.
 */
export async function assertFileSound(store: RecordStore): Promise<RecordFileContent> {
  const content = await recordContentOf(store);
  const { records, periods, head, entries } = content;
  assertLogSound(content);
  const read = readEntries(entries);
  for (const row of records)
    assert.deepEqual(digestIn(read[row.entry], row), row.digest, 'a row is in the log');
  const erased = new Set(periods.filter((period) => period.erased).map(({ period }) => period));
  const onRecord = new Set(records.map(({ serial, branch }) => `${serial}/${branch}`));
  let serials = 0;
  for (const { event, details } of read.filter((entry) => entry.event === 'record')) {
    const { serial, branch, period } = details as { serial: number; branch: number; period: string };
    assert.equal(event, 'record');
    if (branch === 1) assert.equal(serial, ++serials, 'serial numbers have no gaps');
    if (!erased.has(period))
      assert.ok(onRecord.has(`${serial}/${branch}`), 'what is in the log is on record');
  }
  for (const { period, rows } of periods) {
    assert.equal(records.filter((row) => row.period === period).length, rows, 'a period counts its rows');
  }
  assert.equal(head.size, entries.length);
  return content;
}

/** The digest of a row in the entry that it names. */
function digestIn(entry: PlainEntry | undefined, { serial, branch, period }: PlainRecord): unknown {
  assert.ok(entry !== undefined, 'a row names an entry of the log');
  assert.equal(entry.details.period, period);
  if (entry.event === 'record') {
    assert.deepEqual([entry.details.serial, entry.details.branch], [serial, branch]);
    return entry.details.digest;
  }
  assert.equal(entry.event, 'records.re-keyed');
  const { serials, branches, digests } = entry.details as Record<string, readonly unknown[]>;
  const place = serials?.findIndex((one, k) => one === serial && branches?.[k] === branch) ?? -1;
  return digests?.[place];
}

/** Holds that a log is one hash chain, and that its head and its hashes are those of a tree computed apart. */
function assertLogSound({ head, entries, hashes }: RecordFileContent): void {
  const tree = new MerkleTree();
  const leaves: Buffer[] = [];
  let [previous, at] = ['0'.repeat(64), ''];
  for (const [index, text] of entries.entries()) {
    const entry = JSON.parse(text) as PlainEntry;
    assert.equal(entry.index, index, 'entries are counted from 0');
    assert.equal(entry.previous, previous, 'an entry names the hash of the one before');
    assert.ok(entry.at >= at, 'an entry is not before the one before');
    const leaf = sha256(Uint8Array.of(0), Buffer.from(text));
    [previous, at] = [leaf.toString('hex'), entry.at];
    leaves.push(leaf);
    tree.append(Buffer.from(text));
  }
  assert.deepEqual(head, {
    size: entries.length,
    at: at === '' ? 0 : Date.parse(at),
    last: previous,
    subtrees: tree.subtrees.map(hex),
  });
  const levels = [leaves, subtreeHashes(leaves, 8), subtreeHashes(leaves, 16)];
  assert.deepEqual(
    hashes,
    levels.map((level) => level.map((hash) => hash.toString('hex'))),
  );
}

/** Hashes of whole subtrees of 2^level leaves, straight from RFC 6962 section 2.1. */
function subtreeHashes(leaves: readonly Buffer[], level: number): readonly Buffer[] {
  let hashes = leaves;
  for (let k = 0; k < level; k++) {
    hashes = Array.from({ length: Math.floor(hashes.length / 2) }, (_, n) =>
      sha256(Uint8Array.of(1), hashes[2 * n] as Buffer, hashes[2 * n + 1] as Buffer),
    );
  }
  return hashes;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
