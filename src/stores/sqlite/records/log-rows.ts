import type { Database, Statement } from 'better-sqlite3';
import type { WriteOutcome } from '../../calls.js';
import { extendLog, type LogExtension } from '../../log-entries.js';
import type {
  LogAppended,
  LogDraft,
  LogHashPage,
  LogHead,
  LogPage,
  StoredCheckpoint,
} from '../../log-port.js';
import { damagedRow, storedBytes, storedCount, storedMoment, storedText } from '../stored-values.js';

const HASH_LENGTH = 32;

type StateRow = readonly [size: unknown, at: unknown, last: unknown, subtrees: unknown];
type CheckpointRow = readonly [size: unknown, note: unknown];

/** The operation log of a record file. Everything belongs inside a transaction. */
export class LogRows {
  readonly #state: Statement<[], StateRow>;
  readonly #setState: Statement<[number, number, Uint8Array, Uint8Array]>;
  readonly #insertEntry: Statement<[number, Uint8Array, string]>;
  readonly #insertHash: Statement<[number, number, Uint8Array]>;
  readonly #entries: Statement<[number, number], readonly [index: unknown, text: unknown]>;
  readonly #leaves: Statement<[number, number], readonly [index: unknown, hash: unknown]>;
  readonly #hashes: Statement<[number, number, number], readonly [index: unknown, hash: unknown]>;
  readonly #note: Statement<[number], unknown>;
  readonly #insertCheckpoint: Statement<[number, string]>;
  readonly #checkpoints: Statement<[number, number], CheckpointRow>;
  readonly #lastCheckpoint: Statement<[], CheckpointRow>;

  constructor(database: Database) {
    this.#state = database
      .prepare<[], StateRow>('SELECT size, at, last, subtrees FROM state WHERE id = 1')
      .raw();
    this.#setState = database.prepare(
      'UPDATE state SET size = ?, at = ?, last = ?, subtrees = ? WHERE id = 1',
    );
    this.#insertEntry = database.prepare('INSERT INTO log_entry VALUES (?, ?, ?)');
    this.#insertHash = database.prepare('INSERT INTO log_hash VALUES (?, ?, ?)');
    this.#entries = database
      .prepare<[number, number], readonly [unknown, unknown]>(
        'SELECT idx, text FROM log_entry WHERE idx >= ? ORDER BY idx LIMIT ?',
      )
      .raw();
    this.#leaves = database
      .prepare<[number, number], readonly [unknown, unknown]>(
        'SELECT idx, hash FROM log_entry WHERE idx >= ? ORDER BY idx LIMIT ?',
      )
      .raw();
    this.#hashes = database
      .prepare<[number, number, number], readonly [unknown, unknown]>(
        'SELECT idx, hash FROM log_hash WHERE level = ? AND idx >= ? ORDER BY idx LIMIT ?',
      )
      .raw();
    this.#note = database.prepare<[number], unknown>('SELECT note FROM checkpoint WHERE size = ?').pluck();
    this.#insertCheckpoint = database.prepare('INSERT INTO checkpoint VALUES (?, ?)');
    this.#checkpoints = database
      .prepare<[number, number], CheckpointRow>(
        'SELECT size, note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?',
      )
      .raw();
    this.#lastCheckpoint = database
      .prepare<[], CheckpointRow>('SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1')
      .raw();
  }

  /** The end of the log. */
  head(): LogHead {
    const [size, at, last, packed] = this.#state.get() ?? [];
    const entries = storedCount(size, 'size of the log');
    const count = [...entries.toString(2)].filter((bit) => bit === '1').length;
    const subtrees = storedBytes(packed, count * HASH_LENGTH, 'hashes of subtrees');
    return {
      size: entries,
      at: storedMoment(at),
      last: storedBytes(last, HASH_LENGTH, 'hash'),
      subtrees: Array.from({ length: count }, (_, k) =>
        subtrees.slice(k * HASH_LENGTH, (k + 1) * HASH_LENGTH),
      ),
    };
  }

  /** Keeps what appending came to. */
  keep({ head, entries, hashes }: LogExtension): void {
    if (entries.length === 0) return;
    for (const { index, hash, text } of entries) this.#insertEntry.run(index, hash, text);
    for (const { level, index, hash } of hashes) this.#insertHash.run(level, index, hash);
    this.#setState.run(head.size, head.at, head.last, Buffer.concat(head.subtrees));
  }

  /** Appends entries. */
  append(drafts: readonly LogDraft[], at: number): LogAppended {
    const head = this.head();
    const extension = extendLog(head, drafts, at);
    this.keep(extension);
    return { first: head.size, at: Math.max(at, head.at) };
  }

  /** Texts of entries. */
  entries({ from, limit }: LogPage): readonly string[] {
    return this.#entries.all(from, limit).map(([, text]) => storedText(text, 'log entry'));
  }

  /** Hashes, one behind the other. */
  hashes({ level, from, limit }: LogHashPage): Uint8Array {
    const rows = level === 0 ? this.#leaves.all(from, limit) : this.#hashes.all(level, from, limit);
    const hashes = new Uint8Array(rows.length * HASH_LENGTH);
    rows.forEach(([index, hash], k) => {
      // A hash in the place of another one would make a proof of something else.
      if (index !== from + k) throw damagedRow('hash of the log');
      hashes.set(storedBytes(hash, HASH_LENGTH, 'hash'), k * HASH_LENGTH);
    });
    return hashes;
  }

  /** Keeps a checkpoint. */
  addCheckpoint({ size, note }: StoredCheckpoint): WriteOutcome {
    const known = this.#note.get(size);
    if (known !== undefined) return known === note ? 'existed' : 'conflict';
    const last = this.lastCheckpoint();
    if (last !== undefined && last.size > size) return 'conflict';
    this.#insertCheckpoint.run(size, note);
    return 'inserted';
  }

  /** Checkpoints by ascending size. */
  checkpoints({ from, limit }: LogPage): readonly StoredCheckpoint[] {
    return this.#checkpoints.all(from, limit).map(checkpointOf);
  }

  /** The checkpoint of the largest size. */
  lastCheckpoint(): StoredCheckpoint | undefined {
    const row = this.#lastCheckpoint.get();
    return row === undefined ? undefined : checkpointOf(row);
  }
}

function checkpointOf([size, note]: CheckpointRow): StoredCheckpoint {
  return { size: storedCount(size, 'size of a checkpoint'), note: storedText(note, 'checkpoint') };
}
