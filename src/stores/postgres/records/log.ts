import type { WriteOutcome } from '../../calls.js';
import { extendLog } from '../../log-entries.js';
import type { LogAppended, LogDraft, LogHashPage, LogPage, StoredCheckpoint } from '../../log-port.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { writeLog } from './writing.js';

const ENTRIES: Statement = {
  name: 'log-entries',
  text: 'SELECT content FROM log_entry WHERE index >= $1::bigint ORDER BY index LIMIT $2::integer',
};
const LEAVES: Statement = {
  name: 'log-leaves',
  text: `SELECT coalesce(string_agg(hash, '' ORDER BY index), '') AS hashes FROM (
      SELECT index, hash FROM log_entry WHERE index >= $1::bigint ORDER BY index LIMIT $2::integer) AS page`,
};
const HASHES: Statement = {
  name: 'log-hashes',
  text: `SELECT coalesce(string_agg(hash, '' ORDER BY index), '') AS hashes FROM (
      SELECT index, hash FROM log_hash WHERE level = $3::smallint AND index >= $1::bigint
      ORDER BY index LIMIT $2::integer) AS page`,
};
const CHECKPOINTS: Statement = {
  name: 'checkpoints',
  text: 'SELECT size, note FROM log_checkpoint WHERE size >= $1::bigint ORDER BY size LIMIT $2::integer',
};
const LAST_CHECKPOINT: Statement = {
  name: 'last-checkpoint',
  text: 'SELECT size, note FROM log_checkpoint ORDER BY size DESC LIMIT 1',
};
const INSERT_CHECKPOINT: Statement = {
  name: 'insert-checkpoint',
  text: 'INSERT INTO log_checkpoint (size, note) VALUES ($1::bigint, $2)',
};

/** Appends entries, in a transaction that is alone. */
export async function appendLog(
  transaction: Transaction<FileState>,
  drafts: readonly LogDraft[],
  at: number,
): Promise<LogAppended> {
  const { head } = transaction.situation;
  const extension = extendLog(head, drafts, at);
  await writeLog(transaction, extension);
  return { first: head.size, at: Math.max(at, extension.head.at) };
}

/** Texts of entries. */
export async function logEntries(
  transaction: Transaction<FileState>,
  { from, limit }: LogPage,
): Promise<string[]> {
  const rows = await transaction.rows<{ content: string }>(ENTRIES, from, limit);
  return rows.map(({ content }) => content);
}

/** Hashes, one behind the other. */
export async function logHashes(
  transaction: Transaction<FileState>,
  { level, from, limit }: LogHashPage,
): Promise<Uint8Array> {
  const read =
    level === 0
      ? transaction.row<{ hashes: Uint8Array }>(LEAVES, from, limit)
      : transaction.row<{ hashes: Uint8Array }>(HASHES, from, limit, level);
  return (await read).hashes;
}

/** Keeps a checkpoint, in a transaction that is alone. */
export async function addCheckpoint(
  transaction: Transaction<FileState>,
  { size, note }: StoredCheckpoint,
): Promise<WriteOutcome> {
  const [same] = await checkpoints(transaction, { from: size, limit: 1 });
  if (same !== undefined) return same.size === size && same.note === note ? 'existed' : 'conflict';
  await transaction.write(INSERT_CHECKPOINT, size, note);
  return 'inserted';
}

/** Checkpoints by ascending size. */
export function checkpoints(
  transaction: Transaction<FileState>,
  { from, limit }: LogPage,
): Promise<StoredCheckpoint[]> {
  return transaction.rows<StoredCheckpoint>(CHECKPOINTS, from, limit);
}

/** The checkpoint of the largest size. */
export async function lastCheckpoint(
  transaction: Transaction<FileState>,
): Promise<StoredCheckpoint | undefined> {
  return (await transaction.rows<StoredCheckpoint>(LAST_CHECKPOINT))[0];
}
