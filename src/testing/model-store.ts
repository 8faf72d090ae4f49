import { parseKeyName } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  IssuancePage,
  IssuanceStatistic,
  IssuanceStore,
  KeyRecord,
  PageRequest,
  PersonPage,
  RecordedKey,
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  Successors,
  WriteOutcome,
} from '../stores/port.js';
import type {
  KnownSuccessors,
  NewRotation,
  NotedRow,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  StoreOutlook,
  SuccessorPairs,
} from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { hex, hexRows } from './answers.js';
import { ModelRotations, type Note } from './model-rotations.js';

interface Person {
  readonly code: string;
  readonly own: string;
  readonly generation: number;
}

interface Issuance {
  readonly institution: InstitutionCode;
  readonly own: string;
  readonly keyVersion: number;
  readonly issuedAt: number;
}

const JAPAN_AHEAD_MS = 32_400_000;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** What a store can be asked. */
export type StoreCalls = Omit<IssuanceStore, 'close' | typeof Symbol.asyncDispose>;

/**
 * The reference that stores are held against: plain lists searched from the front, nothing clever, and nothing shared
 * with the memory store. It is asked well-formed questions only, one at a time.
 */
export class ModelStore implements StoreCalls {
  #keys: RecordedKey[] = [];
  #persons: Person[] = [];
  #issuances: Issuance[] = [];
  /** Codes under the old and the new store key. */
  #pairs: (readonly [code: string, successor: string])[] = [];
  #notes: Note[] = [];
  #lastNote = 0;
  readonly #rotations = new ModelRotations();

  async begin(records: readonly KeyRecord[]): Promise<WriteOutcome> {
    const begunWith = this.#keys.filter(({ name }) => /^(link|store)\//.test(name));
    if (begunWith.length > 0) {
      const texts = (keys: readonly KeyRecord[]) =>
        keys.map((key) => `${key.name} ${key.fingerprint}`).sort();
      return texts(begunWith).join() === texts(records).join() ? 'existed' : 'conflict';
    }
    const all = [...this.#keys, ...records];
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
      this.#keys.push({ ...record, state, since: { [state]: record.registeredAt }, generation: own });
    }
    return 'inserted';
  }

  async registerKey(record: KeyRecord): Promise<WriteOutcome> {
    const named = this.#keys.find(({ name }) => name === record.name);
    const like = this.#keys.find(({ fingerprint }) => fingerprint === record.fingerprint);
    if (named !== undefined && named === like) return 'existed';
    if (named !== undefined || like !== undefined) return 'conflict';
    const family = (name: string) => (name.startsWith('record/') ? name : name.replace(/\/\d+$/, ''));
    const isFirst = this.#keys.every(({ name }) => family(name) !== family(record.name));
    const state = isFirst ? 'active' : 'pre-active';
    const link = this.#keys.find((key) => key.state === 'active' && key.name.startsWith('link/'));
    const own = record.name.startsWith('link/') ? Number(record.name.slice(5)) : link?.generation;
    const generation = /^(link|store|institution)/.test(record.name) ? own : undefined;
    const key = { ...record, state, since: { [state]: record.registeredAt } } as const;
    this.#keys.push(generation === undefined ? key : { ...key, generation });
    return 'inserted';
  }

  async listKeys(): Promise<readonly RecordedKey[]> {
    return this.#keys.toSorted((a, b) => byText(a.name, b.name));
  }

  async issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    const { institution, storeCodes, keyVersion, generation, issuedAt } = batch;
    this.#rotations.compare(options);
    const [people, rows]: [string[], string[]] = [[], []];
    const held = this.#held(institution, storeCodes, (own) => {
      const issuance = this.#issuance(institution, own);
      if (issuance !== undefined) return issuance.keyVersion;
      if (this.#person(own) === undefined) {
        this.#persons.push({ code: own, own, generation });
        people.push(own);
      }
      this.#issuances.push({ institution, own, keyVersion, issuedAt });
      rows.push(own);
      return 0;
    });
    this.#take(hexRows(storeCodes), batch.successors);
    this.#notePeople(people);
    if (this.#rotations.wants(institution)) for (const own of rows) this.#note(own, institution);
    return held;
  }

  async lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    this.#rotations.compare(options);
    return this.#held(institution, storeCodes, (own) => this.#issuance(institution, own)?.keyVersion ?? 0);
  }

  async details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    if (storeCodes.length > 0) this.#mustKnow(institution);
    return hexRows(storeCodes).map((code) => {
      const own = this.#own(code);
      const row = this.#issuance(institution, own);
      if (row === undefined) return undefined;
      const generation = this.#person(own)?.generation ?? 0;
      return { keyVersion: row.keyVersion, generation, issuedAt: row.issuedAt };
    });
  }

  async holders(storeCodes: Uint8Array): Promise<readonly (readonly InstitutionCode[])[]> {
    return hexRows(storeCodes).map((code) =>
      this.#issuancesOf(this.#own(code)).map(({ institution }) => institution),
    );
  }

  async change({ generation, oldCodes, newCodes, successors }: ChangeBatch): Promise<WriteOutcome[]> {
    const wanted = hexRows(newCodes);
    const people: string[] = [];
    const add = (person: Person) => {
      this.#persons.push(person);
      people.push(person.code);
    };
    const outcomes = hexRows(oldCodes).map((oldCode, k): WriteOutcome => {
      const code = wanted[k] as string;
      const own = this.#own(oldCode);
      if (this.#own(code) === own) return 'existed';
      if (this.#person(code) !== undefined) return 'conflict';
      if (this.#person(own) === undefined) add({ code: own, own, generation });
      add({ code, own, generation });
      return 'inserted';
    });
    const taken = wanted.map((code, k) => (outcomes[k] === 'conflict' ? '' : code));
    this.#take(taken, successors);
    this.#notePeople(people);
    return outcomes;
  }

  async remove(storeCodes: Uint8Array): Promise<readonly RemovedPerson[]> {
    return hexRows(storeCodes).map((code) => {
      const own = this.#own(code);
      const removed = {
        storeCodes: this.#persons.filter((person) => person.own === own).length,
        issuances: this.#issuancesOf(own).map(({ institution, keyVersion, issuedAt }) => ({
          institution,
          keyVersion,
          issuedAt,
        })),
      };
      const gone = this.#persons.filter((person) => person.own === own).map((person) => person.code);
      this.#pairs = this.#pairs.filter(([one]) => !gone.includes(one));
      this.#notes = this.#notes.filter((note) => !gone.includes(note.code));
      this.#persons = this.#persons.filter((person) => person.own !== own);
      this.#issuances = this.#issuances.filter((row) => row.own !== own);
      return removed;
    });
  }

  async persons(page: PageRequest): Promise<PersonPage> {
    const rows = pageOf(this.#persons, ({ code }) => code, page);
    return {
      storeCodes: bytes(rows.map(({ code }) => code).join('')),
      generations: Uint8Array.from(rows, ({ generation }) => generation),
      canonical: new Map(
        rows.flatMap(({ code, own }, k) => (code === own ? [] : [[k, bytes(own)] as const])),
      ),
    };
  }

  async issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    this.#mustKnow(institution);
    const ofInstitution = this.#issuances.filter((row) => row.institution === institution);
    const rows = pageOf(ofInstitution, ({ own }) => own, page);
    return {
      storeCodes: bytes(rows.map(({ own }) => own).join('')),
      keyVersions: Uint8Array.from(rows, ({ keyVersion }) => keyVersion),
    };
  }

  async statistics(): Promise<readonly IssuanceStatistic[]> {
    const statistics: { -readonly [K in keyof IssuanceStatistic]: IssuanceStatistic[K] }[] = [];
    for (const { institution, keyVersion, issuedAt } of this.#issuances) {
      const day = new Date(issuedAt + JAPAN_AHEAD_MS).toISOString().slice(0, 10);
      const known = statistics.find(
        (one) => one.institution === institution && one.keyVersion === keyVersion && one.day === day,
      );
      if (known !== undefined) known.issued++;
      else statistics.push({ institution, keyVersion, day, issued: 1 });
    }
    return statistics.sort(
      (a, b) => byText(a.institution, b.institution) || a.keyVersion - b.keyVersion || byText(a.day, b.day),
    );
  }

  async check(): Promise<readonly StoreFinding[]> {
    const recorded = (name: string) => this.#keys.some((key) => key.name === name);
    const persons = this.#persons.filter(({ generation }) => !recorded(`link/${generation}`)).length;
    const issuances = this.#issuances.filter(
      ({ institution, keyVersion }) => !recorded(`institution/${institution}/${keyVersion}`),
    ).length;
    const findings: StoreFinding[] = [];
    if (persons > 0) findings.push({ invariant: 'person-generation-has-key', rows: persons });
    if (issuances > 0) findings.push({ invariant: 'issuance-version-has-key', rows: issuances });
    return findings;
  }

  async count(): Promise<StoreCounts> {
    const aliases = this.#persons.filter(({ code, own }) => code !== own).length;
    return {
      keys: this.#keys.length,
      persons: this.#persons.length - aliases,
      aliases,
      issuances: this.#issuances.length,
    };
  }

  async outlook(): Promise<StoreOutlook> {
    return this.#rotations.outlook();
  }

  async hold(until: number): Promise<void> {
    this.#rotations.holdUntil = until;
  }

  async beginRotation(rotation: NewRotation): Promise<number | undefined> {
    return this.#rotations.begin(rotation);
  }

  async rotations(): Promise<readonly RotationRecord[]> {
    return this.#rotations.list.map(({ record }) => record);
  }

  async moveRotation(move: RotationMove): Promise<WriteOutcome> {
    const { outcome, keys, notes } = this.#rotations.move(move, this.#keys, this.#notes, this.#pairs.length);
    this.#keys = [...keys];
    this.#notes = [...notes];
    return outcome;
  }

  async claimPart(claim: PartClaim): Promise<number | undefined> {
    return this.#rotations.claim(claim);
  }

  async finishPart(id: number, part: number, report: string): Promise<WriteOutcome> {
    return this.#rotations.finish(id, part, report);
  }

  async parts(id: number): Promise<readonly RotationPart[]> {
    return this.#rotations.partsOf(id);
  }

  async noted(limit: number, institution?: InstitutionCode): Promise<readonly NotedRow[]> {
    const wanted = this.#notes.filter(
      (note) => institution === undefined || note.institution === institution,
    );
    return wanted.slice(0, limit).map(({ note, code, institution: whose }) => {
      const row = { note, storeCode: bytes(code) };
      return whose === undefined ? row : { ...row, institution: whose };
    });
  }

  async settle(notes: readonly number[]): Promise<void> {
    this.#notes = this.#notes.filter(({ note }) => !notes.includes(note));
  }

  async succeed({ oldCodes, newCodes }: SuccessorPairs): Promise<readonly WriteOutcome[]> {
    if (oldCodes.length > 0 && this.#rotations.outlook().successor === undefined) {
      throw new RenkeiError('OPTION_INVALID', 'no rotation leads to another store key');
    }
    const successors = hexRows(newCodes);
    return hexRows(oldCodes).map((code, k) => this.#pair(code, successors[k] as string));
  }

  async successors(oldCodes: Uint8Array): Promise<KnownSuccessors> {
    const found = hexRows(oldCodes).map((code) => this.#successor(code));
    return {
      newCodes: bytes(found.map((successor) => successor ?? '00'.repeat(24)).join('')),
      missing: found.flatMap((successor, k) => (successor === undefined ? [k] : [])),
    };
  }

  async withoutSuccessor(page: PageRequest): Promise<Uint8Array> {
    const people = this.#persons.filter(
      ({ code, own }) => code === own && this.#successor(code) === undefined,
    );
    return bytes(
      pageOf(people, ({ code }) => code, page)
        .map(({ code }) => code)
        .join(''),
    );
  }

  async lendSuccessors(): Promise<number> {
    if (this.#rotations.outlook().successor === undefined) return 0;
    let lent = 0;
    for (const { code: own } of this.#persons.filter((person) => person.code === person.own)) {
      const codes = this.#persons.filter((person) => person.own === own).map(({ code }) => code);
      const [lender] = codes.filter((code) => this.#successor(code) !== undefined).sort(byText);
      if (lender === undefined || this.#successor(own) !== undefined) continue;
      this.#pairs = this.#pairs.map(([code, successor]) => [code === lender ? own : code, successor]);
      lent++;
    }
    return lent;
  }

  async moveRows(limit: number): Promise<number> {
    const target = this.#rotations.successorIn('retiring');
    const inPairs = this.#pairs.map(([code]) => this.#own(code));
    const people = target === undefined ? [] : [...new Set(inPairs)].slice(0, limit);
    let replaced = 0;
    for (const own of people) {
      const next = this.#successor(own);
      const codes = this.#persons.filter((person) => person.own === own).map(({ code }) => code);
      this.#issuances = this.#issuances.map((row) => (row.own === own ? { ...row, own: next ?? own } : row));
      this.#persons = this.#persons.flatMap((person) => {
        if (person.own !== own) return [person];
        const moved = this.#successor(person.code);
        const owner = next ?? own;
        if (moved !== undefined) {
          replaced++;
          return [{ code: moved, own: owner, generation: target?.generation as number }];
        }
        const isOld = next !== undefined && person.generation < (target?.generation as number);
        return isOld ? [] : [{ ...person, own: owner }];
      });
      this.#pairs = this.#pairs.filter(([code]) => !codes.includes(code));
    }
    return replaced;
  }

  async discardSuccessors(limit: number): Promise<number> {
    if (this.#rotations.successorIn('aborting') === undefined) return 0;
    return this.#pairs.splice(0, limit).length;
  }

  #person(code: string): Person | undefined {
    const row = this.#row(code);
    return this.#persons.find((person) => person.code === row);
  }

  /** The code that a row is stored under. */
  #row(code: string): string {
    return this.#pairs.find(([, successor]) => successor === code)?.[0] ?? code;
  }

  #successor(code: string): string | undefined {
    return this.#pairs.find(([one]) => one === code)?.[1];
  }

  #pair(code: string, successor: string): WriteOutcome {
    if (!this.#persons.some((person) => person.code === code)) return 'existed';
    if (this.#successor(code) === successor) return 'existed';
    if (this.#successor(code) !== undefined || this.#person(successor) !== undefined) return 'conflict';
    this.#pairs.push([code, successor]);
    return 'inserted';
  }

  #take(codes: readonly string[], successors: Successors | undefined): void {
    const target = this.#rotations.outlook().successor?.storeKeyVersion;
    if (successors === undefined || successors.storeKeyVersion !== target) return;
    for (const [k, successor] of hexRows(successors.codes).entries())
      this.#pair(codes[k] as string, successor);
  }

  #note(code: string, institution?: InstitutionCode): void {
    this.#notes.push({ note: ++this.#lastNote, code, institution });
  }

  #notePeople(codes: readonly string[]): void {
    if (!this.#rotations.wants(undefined)) return;
    for (const code of codes) if (this.#successor(code) === undefined) this.#note(code);
  }

  #own(code: string): string {
    return this.#person(code)?.own ?? this.#row(code);
  }

  #issuance(institution: InstitutionCode, own: string): Issuance | undefined {
    return this.#issuances.find((row) => row.institution === institution && row.own === own);
  }

  #issuancesOf(own: string): Issuance[] {
    const rows = this.#issuances.filter((row) => row.own === own);
    return rows.sort((a, b) => byText(a.institution, b.institution));
  }

  #held(institution: InstitutionCode, storeCodes: Uint8Array, versionOf: (own: string) => number): HeldRows {
    if (storeCodes.length > 0) this.#mustKnow(institution);
    const canonical = new Map<number, Uint8Array>();
    const aliases = new Set<number>();
    const versions = hexRows(storeCodes).map((code, k) => {
      const own = this.#own(code);
      const told = (this.#rotations.isSwitched() ? this.#successor(own) : undefined) ?? own;
      if (told !== code) canonical.set(k, bytes(told));
      if (own !== this.#row(code)) aliases.add(k);
      return versionOf(own);
    });
    return { versions: Uint8Array.from(versions), canonical, aliases };
  }

  #mustKnow(institution: InstitutionCode): void {
    const known = this.#keys.some(({ name }) => {
      const parsed = parseKeyName(name);
      return parsed.kind === 'institution' && parsed.institution === institution;
    });
    if (!known) throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
  }
}

function pageOf<T>(rows: readonly T[], codeOf: (row: T) => string, { after, limit }: PageRequest): T[] {
  const last = after === undefined ? '' : hex(after);
  return rows
    .filter((row) => codeOf(row) > last)
    .sort((a, b) => byText(codeOf(a), codeOf(b)))
    .slice(0, limit);
}
