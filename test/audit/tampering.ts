import Database from 'better-sqlite3';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { leafHash } from '../../src/signatures/merkle-tree.js';
import type { LogStore, StoredCheckpoint } from '../../src/stores/log-port.js';
import { createMemoryRecordStore } from '../../src/stores/memory/memory-record-store.js';

/** What somebody with the database may do to a log. */
export interface Tampering {
  /** The log as a verifier reads it. */
  readonly store: Pick<LogStore, 'logEntries' | 'checkpoints'>;
  texts(): readonly string[];
  write(index: number, text: string): void;
  remove(index: number): void;
  checkpoints(): readonly StoredCheckpoint[];
  writeCheckpoint(checkpoint: StoredCheckpoint): void;
  removeCheckpoint(size: number): void;
}

/** A store of each kind, to be written to by a log, and what may be done to it then. */
export interface TamperedStore {
  readonly name: string;
  open(path: string): Promise<{ readonly store: LogStore; tamper(): Promise<Tampering> }>;
}

export const TAMPERED_STORES: readonly TamperedStore[] = [
  {
    name: 'memory',
    async open() {
      const store = createMemoryRecordStore();
      return { store, tamper: async () => inMemory(store) };
    },
  },
  {
    name: 'SQLite',
    async open(path) {
      const store = await openSqliteRecordStore({ path });
      return {
        store,
        async tamper() {
          await store.close();
          return inFile(path, await openSqliteRecordStore({ path }));
        },
      };
    },
  },
];

async function inMemory(store: LogStore): Promise<Tampering> {
  const page = { from: 0, limit: 100_000 };
  const entries = new Map((await store.logEntries(page)).entries());
  const notes = new Map((await store.checkpoints(page)).map(({ size, note }) => [size, note]));
  const sorted = <T>(map: ReadonlyMap<number, T>) => [...map].sort(([a], [b]) => a - b);
  const checkpoints = () => sorted(notes).map(([size, note]) => ({ size, note }));
  return {
    store: {
      logEntries: async ({ from, limit }) =>
        sorted(entries)
          .filter(([index]) => index >= from)
          .slice(0, limit)
          .map(([, text]) => text),
      checkpoints: async ({ from, limit }) =>
        checkpoints()
          .filter(({ size }) => size >= from)
          .slice(0, limit),
    },
    texts: () => sorted(entries).map(([, text]) => text),
    write: (index, text) => entries.set(index, text),
    remove: (index) => entries.delete(index),
    checkpoints,
    writeCheckpoint: ({ size, note }) => notes.set(size, note),
    removeCheckpoint: (size) => notes.delete(size),
  };
}

/** By a connection of its own, while the store has the file open. */
function inFile(path: string, store: LogStore): Tampering {
  const raw = new Database(path);
  return {
    store,
    texts: () => raw.prepare('SELECT text FROM log_entry ORDER BY idx').pluck().all() as string[],
    write: (index, text) => {
      const hash = leafHash(Buffer.from(text));
      raw.prepare('INSERT OR REPLACE INTO log_entry VALUES (?, ?, ?)').run(index, hash, text);
    },
    remove: (index) => raw.prepare('DELETE FROM log_entry WHERE idx = ?').run(index),
    checkpoints: () =>
      raw.prepare('SELECT size, note FROM checkpoint ORDER BY size').all() as StoredCheckpoint[],
    writeCheckpoint: ({ size, note }) =>
      raw.prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?)').run(size, note),
    removeCheckpoint: (size) => raw.prepare('DELETE FROM checkpoint WHERE size = ?').run(size),
  };
}

/** An entry's text with other members: in the form in which entries are written. */
export function changedText(text: string, members: Readonly<Record<string, unknown>>): string {
  return canonicalJson({ ...JSON.parse(text), ...members });
}

/** Changes an entry, and writes all that follow anew, so that the chain is whole again. */
export function rechain(
  tampering: Tampering,
  index: number,
  members: Readonly<Record<string, unknown>>,
): void {
  const texts = tampering.texts();
  let text = changedText(texts[index] as string, members);
  tampering.write(index, text);
  for (let k = index + 1; k < texts.length; k++) {
    const previous = Buffer.from(leafHash(Buffer.from(text))).toString('hex');
    text = changedText(texts[k] as string, { previous });
    tampering.write(k, text);
  }
}
