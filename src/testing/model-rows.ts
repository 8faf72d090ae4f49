import { parseKeyName } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type {
  HeldRows,
  KeyRecord,
  PageRequest,
  RecordedKey,
  Successors,
  WriteOutcome,
} from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { hex, hexRows } from './answers.js';
import { ModelRotations, type Note } from './model-rotations.js';

export interface Person {
  readonly code: string;
  readonly own: string;
  readonly generation: number;
  /** True of an alias under the new store key whose person's rows are under the old. */
  readonly isAhead?: boolean;
}

export interface Issuance {
  readonly institution: InstitutionCode;
  readonly own: string;
  readonly keyVersion: number;
  readonly issuedAt: number;
}

/** Compares texts by their character codes. */
export const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
/** The bytes of hex digits. */
export const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** What the model holds, and how it finds its way in it. */
export class ModelRows {
  protected keyRows: RecordedKey[] = [];
  protected personRows: Person[] = [];
  protected issuanceRows: Issuance[] = [];
  /** Codes under the old and the new store key. */
  protected pairRows: (readonly [code: string, successor: string])[] = [];
  protected noteRows: Note[] = [];
  protected lastNote = 0;
  protected readonly rotationList = new ModelRotations();

  async begin(records: readonly KeyRecord[]): Promise<WriteOutcome> {
    const begunWith = this.keyRows.filter(({ name }) => /^(link|store)\//.test(name));
    if (begunWith.length > 0) {
      const texts = (keys: readonly KeyRecord[]) =>
        keys.map((key) => `${key.name} ${key.fingerprint}`).sort();
      return texts(begunWith).join() === texts(records).join() ? 'existed' : 'conflict';
    }
    const all = [...this.keyRows, ...records];
    for (const values of [all.map(({ name }) => name), all.map(({ fingerprint }) => fingerprint)]) {
      if (new Set<string>(values).size < values.length) return 'conflict';
    }
    const numbers = (kind: string) =>
      records.flatMap(({ name }) => (name.startsWith(kind) ? [Number(name.slice(kind.length))] : []));
    const generation = Math.max(...numbers('link/'));
    for (const record of records) {
      const [kind, number] = record.name.split('/') as [string, string];
      const state = Math.max(...numbers(`${kind}/`)) === Number(number) ? 'active' : 'retired';
      const own = kind === 'link' ? Number(number) : generation;
      this.keyRows.push({ ...record, state, since: { [state]: record.registeredAt }, generation: own });
    }
    return 'inserted';
  }

  async registerKey(record: KeyRecord): Promise<WriteOutcome> {
    const named = this.keyRows.find(({ name }) => name === record.name);
    const like = this.keyRows.find(({ fingerprint }) => fingerprint === record.fingerprint);
    if (named !== undefined && named === like) return 'existed';
    if (named !== undefined || like !== undefined) return 'conflict';
    const family = (name: string) => (name.startsWith('record/') ? name : name.replace(/\/\d+$/, ''));
    const isFirst = this.keyRows.every(({ name }) => family(name) !== family(record.name));
    const state = isFirst ? 'active' : 'pre-active';
    const link = this.keyRows.find((key) => key.state === 'active' && key.name.startsWith('link/'));
    const own = record.name.startsWith('link/') ? Number(record.name.slice(5)) : link?.generation;
    const generation = /^(link|store|institution)/.test(record.name) ? own : undefined;
    const key = { ...record, state, since: { [state]: record.registeredAt } } as const;
    this.keyRows.push(generation === undefined ? key : { ...key, generation });
    return 'inserted';
  }

  async listKeys(): Promise<readonly RecordedKey[]> {
    return this.keyRows.toSorted((a, b) => byText(a.name, b.name));
  }

  protected person(code: string): Person | undefined {
    const row = this.row(code);
    return this.personRows.find((person) => person.code === row);
  }

  /** The code that a row is stored under. */
  protected row(code: string): string {
    return this.pairRows.find(([, successor]) => successor === code)?.[0] ?? code;
  }

  protected successor(code: string): string | undefined {
    return this.pairRows.find(([one]) => one === code)?.[1];
  }

  protected pair(code: string, successor: string): WriteOutcome {
    if (!this.personRows.some((person) => person.code === code)) return 'existed';
    if (this.successor(code) === successor) return 'existed';
    if (this.successor(code) !== undefined || this.person(successor) !== undefined) return 'conflict';
    this.pairRows.push([code, successor]);
    return 'inserted';
  }

  protected take(codes: readonly string[], successors: Successors | undefined): void {
    const target = this.rotationList.outlook().successor?.storeKeyVersion;
    if (successors === undefined || successors.storeKeyVersion !== target) return;
    for (const [k, successor] of hexRows(successors.codes).entries())
      this.pair(codes[k] as string, successor);
  }

  protected note(code: string, institution?: InstitutionCode): void {
    this.noteRows.push({ note: ++this.lastNote, code, institution });
  }

  protected notePeople(codes: readonly string[]): void {
    if (!this.rotationList.wants(undefined)) return;
    for (const code of codes) if (this.successor(code) === undefined) this.note(code);
  }

  protected own(code: string): string {
    return this.person(code)?.own ?? this.row(code);
  }

  protected issuance(institution: InstitutionCode, own: string): Issuance | undefined {
    return this.issuanceRows.find((row) => row.institution === institution && row.own === own);
  }

  protected issuancesOf(own: string): Issuance[] {
    const rows = this.issuanceRows.filter((row) => row.own === own);
    return rows.sort((a, b) => byText(a.institution, b.institution));
  }

  protected held(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    versionOf: (own: string) => number,
  ): HeldRows {
    if (storeCodes.length > 0) this.mustKnow(institution);
    const canonical = new Map<number, Uint8Array>();
    const aliases = new Set<number>();
    const versions = hexRows(storeCodes).map((code, k) => {
      const own = this.own(code);
      const told = (this.rotationList.isSwitched() ? this.successor(own) : undefined) ?? own;
      if (told !== code) canonical.set(k, bytes(told));
      if (own !== this.row(code)) aliases.add(k);
      return versionOf(own);
    });
    return { versions: Uint8Array.from(versions), canonical, aliases };
  }

  protected mustKnow(institution: InstitutionCode): void {
    const known = this.keyRows.some(({ name }) => {
      const parsed = parseKeyName(name);
      return parsed.kind === 'institution' && parsed.institution === institution;
    });
    if (!known) throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
  }
}

/** The rows of a page. */
export function pageOf<T>(
  rows: readonly T[],
  codeOf: (row: T) => string,
  { after, limit }: PageRequest,
): T[] {
  const last = after === undefined ? '' : hex(after);
  return rows
    .filter((row) => codeOf(row) > last)
    .sort((a, b) => byText(codeOf(a), codeOf(b)))
    .slice(0, limit);
}
