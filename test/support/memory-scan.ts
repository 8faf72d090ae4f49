import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Values of one kind to look for: packed rows of one width, at least 8 bytes each. */
export interface Wanted {
  readonly name: string;
  readonly width: number;
  readonly rows: Uint8Array;
}

/** A value that was found. Says which one and where, never what it is. */
export interface Finding {
  readonly name: string;
  /** Row of the value among those wanted. */
  readonly row: number;
  /** The mapping of a process, or the file. */
  readonly where: string;
  readonly offset: number;
}

interface Needle {
  readonly wanted: Wanted;
  readonly row: number;
}

const PIECE_BYTES = 16 * 1_048_576;
const FILTER_BITS = 22;

/**
 * Looks for many byte strings at once in the memory of another process and in files. A filter and an index over the
 * first four bytes of each make one pass over the memory enough, however many there are.
 */
export class MemoryScan {
  readonly #index = new Map<number, Needle[]>();
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  readonly #overlap: number;

  constructor(wanted: readonly Wanted[]) {
    for (const kind of wanted) {
      for (let row = 0; row < kind.rows.length / kind.width; row++) {
        const word = Buffer.from(kind.rows.buffer, kind.rows.byteOffset).readUInt32BE(row * kind.width);
        const needles = this.#index.get(word) ?? [];
        needles.push({ wanted: kind, row });
        this.#index.set(word, needles);
        this.#filter[slot(word)] = 1;
      }
    }
    this.#overlap = Math.max(...wanted.map(({ width }) => width)) - 1;
  }

  /** Everything wanted in the readable and writable mappings of a process, stacks and shared memory included. */
  process(pid: number): { readonly findings: Finding[]; readonly bytes: number } {
    const findings: Finding[] = [];
    let bytes = 0;
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    try {
      for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
        const match = /^([0-9a-f]+)-([0-9a-f]+) rw..\s+\S+\s+\S+\s+\S+\s*(.*)$/.exec(line);
        if (match === null) continue;
        const [start, end] = [
          Number.parseInt(match[1] as string, 16),
          Number.parseInt(match[2] as string, 16),
        ];
        bytes += this.#read(memory, start, end, match[3] || 'anonymous memory', findings);
      }
    } finally {
      closeSync(memory);
    }
    return { findings, bytes };
  }

  /** Everything wanted in a file. */
  file(path: string): Finding[] {
    const findings: Finding[] = [];
    this.#search(readFileSync(path), 0, path, findings);
    return findings;
  }

  /** Reads one mapping piece by piece; gives the number of bytes that could be read. */
  #read(memory: number, start: number, end: number, where: string, findings: Finding[]): number {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, end - start));
    let position = start;
    while (position < end) {
      let length: number;
      try {
        length = readSync(memory, piece, 0, Math.min(piece.length, end - position), position);
      } catch {
        // Not every mapping can be read (device memory), and one may have gone since the list was made.
        break;
      }
      if (length === 0) break;
      this.#search(piece.subarray(0, length), position, where, findings);
      // Pieces overlap, so that no value is cut in two.
      position += position + length < end ? Math.max(1, length - this.#overlap) : length;
    }
    return position - start;
  }

  #search(bytes: Buffer, base: number, where: string, findings: Finding[]): void {
    let word = 0;
    for (let end = 0; end < bytes.length; end++) {
      word = (word << 8) | (bytes[end] as number);
      if (this.#filter[slot(word)] === 0 || end < 3) continue;
      const offset = end - 3;
      for (const { wanted, row } of this.#index.get(word >>> 0) ?? []) {
        const value = wanted.rows.subarray(row * wanted.width, (row + 1) * wanted.width);
        if (bytes.subarray(offset, offset + wanted.width).equals(value)) {
          findings.push({ name: wanted.name, row, where, offset: base + offset });
        }
      }
    }
  }
}

function slot(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - FILTER_BITS);
}
