import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { ERROR_CODES, type RenkeiErrorCode } from '../../errors/codes.js';
import { BlockFile } from './block-file.js';
import { isErrno, onDisk, spillCorrupt } from './faults.js';
import { FolderLock, LOCK_FILE } from './folder-lock.js';
import {
  MANIFEST_FILE,
  NEXT_MANIFEST_FILE,
  readManifest,
  synchroniseFolder,
  writeManifest,
} from './manifest.js';
import { appendOutcomes, OutcomeCursors, ownCodes, type RowOutcomes } from './outcome-blocks.js';
import { PARTITIONS, PartitionBuffers } from './partition-buffers.js';
import { RequestBlocks, type SpilledRequests } from './request-blocks.js';

/** Files of blocks: requests as they came in, store codes by partition, and what became of each. */
const FILES = ['requests', 'rows', 'outcomes'] as const;
type FileName = (typeof FILES)[number];

/** Most rows of one partition: what can be sorted at once. */
export const MAX_PARTITION_ROWS = 2_097_152;

/** Requests between two checkpoints. */
const REQUESTS_A_CHECKPOINT = 1_048_576;

/** What the manifest says. */
interface SpillManifest<About> {
  /** Identity of the spill, that no two have alike. */
  readonly id: string;
  /** What the spill is for. */
  readonly about: About;
  /** Requests that are durable. */
  readonly received: number;
  /** Codes of the refusals, by their byte less one. */
  readonly refusals: readonly RenkeiErrorCode[];
  readonly lengths: Readonly<Record<FileName, number>>;
}

/** Requests that a vault has made codes for. */
export interface DerivedRequests {
  readonly rows: number;
  /** n × 24 bytes. */
  readonly storeCodes: Uint8Array;
  /** n × 24 bytes, or none. */
  readonly codes: Uint8Array;
  readonly refusals: readonly { readonly index: number; readonly code: RenkeiErrorCode }[];
}

/** How to open a spill. */
interface SpillOptions<About> {
  readonly folder: string;
  /** Whether requests come with codes of an institution. */
  readonly withCodes: boolean;
  /** What a new spill is for. */
  readonly begin: () => About;
  /** Requests between two checkpoints. */
  readonly checkpointRows?: number | undefined;
}

/**
 * A population on disk, sorted into 256 partitions by the first byte of the store codes, so that it can be gone
 * through in key order with little memory. It holds wrapped codes only: no resident record code, no linkage code and
 * no acquisition number. One process has it at a time.
 *
 * What was appended counts from the next checkpoint on; a process that is killed finds the last one again.
 */
export class Spill<About> {
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #files: Readonly<Record<FileName, BlockFile>>;
  readonly #partitions: PartitionBuffers;
  readonly #requests: RequestBlocks;
  #manifest: SpillManifest<About>;
  #refusals: RenkeiErrorCode[];
  #appended: number;
  /** Rows of each partition, those that wait too. */
  readonly #rows = new Uint32Array(PARTITIONS);
  readonly #checkpointRows: number;
  #open = true;

  private constructor(
    folder: string,
    lock: FolderLock,
    files: Readonly<Record<FileName, BlockFile>>,
    manifest: SpillManifest<About>,
    { withCodes, checkpointRows = REQUESTS_A_CHECKPOINT }: SpillOptions<About>,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#files = files;
    this.#manifest = manifest;
    this.#refusals = [...manifest.refusals];
    this.#appended = manifest.received;
    this.#partitions = new PartitionBuffers(files.rows);
    this.#requests = new RequestBlocks(files.requests, withCodes);
    this.#checkpointRows = checkpointRows;
    this.#countRows();
  }

  /**
   * Opens the spill in a folder, or begins one in a folder that is empty or not there.
   *
   * @throws RenkeiError `SPILL_IN_USE`, `SPILL_CORRUPT` or `SPILL_FAULT`
   */
  static async open<About>(options: SpillOptions<About>): Promise<Spill<About>> {
    const { folder, begin } = options;
    onDisk('making it', () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    requireOwnFiles(folder);
    onDisk('making it private', () => chmodSync(folder, 0o700));
    const lock = await FolderLock.take(folder);
    const files: Partial<Record<FileName, BlockFile>> = {};
    try {
      const found = readManifest(folder) as SpillManifest<About> | undefined;
      const manifest = found ?? {
        id: randomBytes(16).toString('hex'),
        about: begin(),
        received: 0,
        refusals: [],
        lengths: { requests: 0, rows: 0, outcomes: 0 },
      };
      for (const name of FILES) {
        files[name] = new BlockFile(join(folder, name), `${manifest.id} ${name}`, manifest.lengths[name]);
      }
      const spill = new Spill(folder, lock, files as Record<FileName, BlockFile>, manifest, options);
      spill.#requireWhole();
      if (found === undefined) writeManifest(folder, manifest);
      return spill;
    } catch (error) {
      for (const file of Object.values(files)) file.close();
      lock.release();
      throw error;
    }
  }

  /** What the spill is for, as of the last checkpoint. */
  get about(): About {
    return this.#manifest.about;
  }

  /** Requests that are durable. */
  get received(): number {
    return this.#manifest.received;
  }

  /** Requests taken up, those that wait too. */
  get appended(): number {
    return this.#appended;
  }

  /** Rows of each partition. */
  get partitionRows(): Uint32Array {
    return this.#rows;
  }

  /** The first partition whose outcomes are not written; 256 when all are. */
  get firstOpenPartition(): number {
    const last = this.#files.outcomes.places.at(-1);
    return last === undefined ? 0 : last.tag + 1;
  }

  /** Takes requests up. */
  append({ rows, storeCodes, codes, refusals }: DerivedRequests): void {
    const partitions = new Uint8Array(rows);
    const refused = new Uint8Array(rows);
    const skipped = new Map(refusals.map(({ index, code }) => [index, code]));
    for (const [index, code] of skipped) refused[index] = this.#refusalByte(code);
    this.#partitions.add(storeCodes, partitions, skipped);
    for (let row = 0; row < rows; row++) {
      if (refused[row] === 0) (this.#rows[partitions[row] as number] as number) += 1;
    }
    this.#requests.add({ rows, partitions, refusals: refused, codes });
    this.#appended += rows;
  }

  /** True when so much was appended that it should be made durable. */
  get isCheckpointDue(): boolean {
    return this.#appended - this.received >= this.#checkpointRows;
  }

  /** Makes durable what was appended, and what the spill is now for. */
  async checkpoint(about: About = this.about): Promise<void> {
    this.#partitions.flush();
    this.#requests.flush();
    const lengths = Object.fromEntries(FILES.map((name) => [name, this.#files[name].end]));
    const grown = FILES.filter((name) => lengths[name] !== this.#manifest.lengths[name]);
    await Promise.all(grown.map((name) => this.#files[name].synchronise()));
    const manifest = {
      id: this.#manifest.id,
      about,
      received: this.#appended,
      refusals: [...this.#refusals],
      lengths: lengths as Record<FileName, number>,
    };
    writeManifest(this.#folder, manifest);
    this.#manifest = manifest;
  }

  /** Goes back to the last checkpoint. */
  rollBack(): void {
    this.#partitions.clear();
    this.#requests.clear();
    for (const name of FILES) this.#files[name].cutTo(this.#manifest.lengths[name]);
    this.#refusals = [...this.#manifest.refusals];
    this.#appended = this.#manifest.received;
    this.#countRows();
  }

  /** Store codes of partitions one behind the other, each in the order its rows were taken up. */
  readPartitions(first: number, end: number): Uint8Array {
    const places: BlockFile['places'][number][][] = Array.from({ length: end - first }, () => []);
    for (const place of this.#files.rows.places) places[place.tag - first]?.push(place);
    const codes = new Uint8Array(places.flat().reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const place of places.flat()) {
      codes.set(this.#files.rows.read(place), at);
      at += place.length;
    }
    return codes;
  }

  /** The requests, block by block. */
  requests(): Iterable<SpilledRequests> {
    return this.#requests.read();
  }

  /** What a refusal byte stands for. */
  refusalOf(byte: number): RenkeiErrorCode {
    const code = this.#refusals[byte - 1];
    if (code === undefined || !Object.hasOwn(ERROR_CODES, code)) throw spillCorrupt('an unknown refusal');
    return code;
  }

  /** Writes what became of the rows of a partition: partitions in ascending order, those without rows left out. */
  appendOutcomes(partition: number, outcomes: RowOutcomes): void {
    appendOutcomes(this.#files.outcomes, partition, outcomes);
  }

  /** Reads what became of rows. */
  outcomes(): OutcomeCursors {
    return new OutcomeCursors(this.#files.outcomes);
  }

  /** The own store codes that stand with outcomes. */
  ownCodes(): Iterable<Uint8Array> {
    return ownCodes(this.#files.outcomes);
  }

  /** Lets go of the folder. May be called twice. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const name of FILES) this.#files[name].close();
    this.#lock.release();
  }

  /** Deletes the files, and the folder when nothing else is in it. */
  erase(): void {
    onDisk('erasing', () => {
      // Without its manifest it is no spill any more: a kill between these lines leaves an empty one.
      rmSync(join(this.#folder, MANIFEST_FILE), { force: true });
      synchroniseFolder(this.#folder);
      for (const name of [...FILES, NEXT_MANIFEST_FILE]) rmSync(join(this.#folder, name), { force: true });
    });
    this.close();
    onDisk('erasing', () => {
      try {
        rmdirSync(this.#folder);
      } catch (error) {
        if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST') && !isErrno(error, 'ENOENT'))
          throw error;
      }
    });
  }

  #refusalByte(code: RenkeiErrorCode): number {
    const known = this.#refusals.indexOf(code);
    return known >= 0 ? known + 1 : this.#refusals.push(code);
  }

  #countRows(): void {
    this.#rows.fill(0);
    for (const { tag, length } of this.#files.rows.places) {
      if (tag >= PARTITIONS) throw spillCorrupt('a block of no partition');
      (this.#rows[tag] as number) += length / CODE_LENGTH;
    }
  }

  #requireWhole(): void {
    if (this.#requests.written !== this.received) throw spillCorrupt('requests are missing');
  }
}

/** Nothing else may be in the folder: neither is it overwritten, nor erased with the spill. */
function requireOwnFiles(folder: string): void {
  const own = new Set<string>([...FILES, MANIFEST_FILE, NEXT_MANIFEST_FILE]);
  const foreign = onDisk('reading it', () => readdirSync(folder)).some(
    (file) => !own.has(file) && !LOCK_FILE.test(file),
  );
  if (foreign) throw spillCorrupt('other files are in it');
}
