import { Redacted } from '../../bytes/redacted.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { StoredRecord } from '../access-record.js';
import type { PersonRecordsPage, RecordsPage } from '../record-port.js';
import { type NewRecordRow, requestKey } from '../record-writing.js';

/** The rows of a record file in memory. */
export class MemoryRecords extends Redacted {
  /** Branches of each serial number, the first one first; serial numbers ascend. */
  readonly #rows = new Map<number, StoredRecord[]>();
  /** Serial numbers by the inquirer's own name of the request. */
  readonly #requests = new Map<string, number>();
  /** Names of requests by serial number. */
  readonly #requestKeys = new Map<number, string>();
  /** Serial numbers of a person in a period, ascending, by period and record code. */
  readonly #people = new Map<string, number[]>();

  /** Keeps a new row. */
  keep({ request, ...row }: NewRecordRow): void {
    if (request !== undefined) {
      const key = requestKey(request.inquirer, request.requestId);
      this.#requests.set(key, row.serial);
      this.#requestKeys.set(row.serial, key);
      this.#rows.set(row.serial, []);
      this.#serialsOf(row.period, row.recordCode).push(row.serial);
    }
    this.#rows.get(row.serial)?.push(row);
  }

  /** The first branch of what is on record under an inquirer's own name of a request. */
  ofRequest(inquirer: InstitutionCode, requestId: string): StoredRecord | undefined {
    const serial = this.#requests.get(requestKey(inquirer, requestId));
    return serial === undefined ? undefined : this.#rows.get(serial)?.[0];
  }

  /** The last branch of a serial number. */
  latest(serial: number): StoredRecord | undefined {
    return this.#rows.get(serial)?.at(-1);
  }

  /** All branches of a person's records, the newest serial number first. */
  ofPerson({
    period,
    recordCode,
    beforeSerial = Number.POSITIVE_INFINITY,
    limit,
  }: PersonRecordsPage): readonly StoredRecord[] {
    const serials = this.#people.get(personKey(period, recordCode)) ?? [];
    const wanted = serials.filter((serial) => serial < beforeSerial).slice(-limit);
    return wanted.reverse().flatMap((serial) => this.#rows.get(serial) ?? []);
  }

  /** Rows by serial number and branch. */
  page({ after = { serial: 0, branch: 0 }, limit }: RecordsPage): readonly StoredRecord[] {
    const found: StoredRecord[] = [];
    for (const [serial, branches] of this.#rows) {
      if (serial < after.serial) continue;
      for (const row of branches) {
        if (serial > after.serial || row.branch > after.branch) found.push(row);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Number of rows of a period. */
  count(period: string): number {
    let rows = 0;
    for (const branches of this.#rows.values()) if (branches[0]?.period === period) rows += branches.length;
    return rows;
  }

  /** Takes all rows of people away from their record codes; gives them under the new ones, in order. */
  release(period: string, pairs: readonly { oldCode: Uint8Array; newCode: Uint8Array }[]): StoredRecord[] {
    const released = pairs.flatMap(({ oldCode, newCode }) => {
      const key = personKey(period, oldCode);
      const serials = this.#people.get(key) ?? [];
      this.#people.delete(key);
      const rows = serials.flatMap((serial) => this.#rows.get(serial) ?? []);
      return rows.map((row) => ({ ...row, recordCode: newCode }));
    });
    return released.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
  }

  /** Puts a released row where it belongs. */
  settle(row: StoredRecord): void {
    const branches = this.#rows.get(row.serial) as StoredRecord[];
    branches[row.branch - 1] = row;
    if (row.branch > 1) return;
    const serials = this.#serialsOf(row.period, row.recordCode);
    serials.push(row.serial);
    serials.sort((a, b) => a - b);
  }

  /**
   * Erases rows of a period by ascending serial number, of each the last branch first, so that what is left of a record
   * has no gap; gives their number.
   */
  erase(period: string, limit: number): number {
    let rows = 0;
    for (const [serial, branches] of this.#rows) {
      if (rows === limit) break;
      if (branches[0]?.period !== period) continue;
      const removed = branches.splice(Math.max(branches.length - limit + rows, 0));
      rows += removed.length;
      if (branches.length === 0) this.#forget(serial, removed[0] as StoredRecord);
    }
    return rows;
  }

  #forget(serial: number, { period, recordCode }: StoredRecord): void {
    this.#rows.delete(serial);
    this.#requests.delete(this.#requestKeys.get(serial) as string);
    this.#requestKeys.delete(serial);
    const serials = this.#serialsOf(period, recordCode);
    serials.splice(serials.indexOf(serial), 1);
    if (serials.length === 0) this.#people.delete(personKey(period, recordCode));
  }

  #serialsOf(period: string, recordCode: Uint8Array): number[] {
    const key = personKey(period, recordCode);
    let serials = this.#people.get(key);
    if (serials === undefined) {
      serials = [];
      this.#people.set(key, serials);
    }
    return serials;
  }
}

function personKey(period: string, recordCode: Uint8Array): string {
  return `${period}/${Buffer.from(recordCode).toString('latin1')}`;
}
