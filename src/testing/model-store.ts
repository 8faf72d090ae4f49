import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  IssuancePage,
  IssuanceStatistic,
  IssuanceStore,
  PageRequest,
  PersonPage,
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  WriteOutcome,
} from '../stores/port.js';
import type {
  NewRotation,
  NotedRow,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  StoreOutlook,
} from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { hexRows } from './answers.js';
import { byText, bytes, type Person, pageOf } from './model-rows.js';
import { ModelSuccession } from './model-succession.js';

const JAPAN_AHEAD_MS = 32_400_000;

/** What a store can be asked. */
export type StoreCalls = Omit<IssuanceStore, 'close' | typeof Symbol.asyncDispose>;

/**
 * The reference that stores are held against: plain lists searched from the front, nothing clever, and nothing shared
 * with the memory store. It is asked well-formed questions only, one at a time.
 */
export class ModelStore extends ModelSuccession implements StoreCalls {
  async issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    const { institution, storeCodes, keyVersion, generation, issuedAt } = batch;
    this.rotationList.compare(options);
    const [people, rows]: [string[], string[]] = [[], []];
    const held = this.held(institution, storeCodes, (own) => {
      const issuance = this.issuance(institution, own);
      if (issuance !== undefined) return issuance.keyVersion;
      if (this.person(own) === undefined) {
        this.personRows.push({ code: own, own, generation });
        people.push(own);
      }
      this.issuanceRows.push({ institution, own, keyVersion, issuedAt });
      rows.push(own);
      return 0;
    });
    this.take(hexRows(storeCodes), batch.successors);
    this.notePeople(people);
    if (this.rotationList.wants(institution)) for (const own of rows) this.note(own, institution);
    return held;
  }

  async lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    this.rotationList.compare(options);
    return this.held(institution, storeCodes, (own) => this.issuance(institution, own)?.keyVersion ?? 0);
  }

  async details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    if (storeCodes.length > 0) this.mustKnow(institution);
    return hexRows(storeCodes).map((code) => {
      const own = this.own(code);
      const row = this.issuance(institution, own);
      if (row === undefined) return undefined;
      const generation = this.person(own)?.generation ?? 0;
      return { keyVersion: row.keyVersion, generation, issuedAt: row.issuedAt };
    });
  }

  async holders(storeCodes: Uint8Array): Promise<readonly (readonly InstitutionCode[])[]> {
    return hexRows(storeCodes).map((code) =>
      this.issuancesOf(this.own(code)).map(({ institution }) => institution),
    );
  }

  async change({ generation, oldCodes, newCodes, successors }: ChangeBatch): Promise<WriteOutcome[]> {
    const wanted = hexRows(newCodes);
    const people: string[] = [];
    const add = (person: Person) => {
      this.personRows.push(person);
      people.push(person.code);
    };
    const outcomes = hexRows(oldCodes).map((oldCode, k): WriteOutcome => {
      const code = wanted[k] as string;
      const own = this.own(oldCode);
      if (this.own(code) === own) return 'existed';
      if (this.person(code) !== undefined) return 'conflict';
      if (this.person(own) === undefined) add({ code: own, own, generation });
      const isAhead = this.rotationList.isSwitched() && this.successor(own) !== undefined;
      add({ code, own, generation, isAhead });
      return 'inserted';
    });
    const taken = wanted.map((code, k) => (outcomes[k] === 'conflict' ? '' : code));
    this.take(taken, successors);
    this.notePeople(people);
    return outcomes;
  }

  async remove(storeCodes: Uint8Array): Promise<readonly RemovedPerson[]> {
    return hexRows(storeCodes).map((code) => {
      const own = this.own(code);
      const removed = {
        storeCodes: this.personRows.filter((person) => person.own === own).length,
        issuances: this.issuancesOf(own).map(({ institution, keyVersion, issuedAt }) => ({
          institution,
          keyVersion,
          issuedAt,
        })),
      };
      const gone = this.personRows.filter((person) => person.own === own).map((person) => person.code);
      this.pairRows = this.pairRows.filter(([one]) => !gone.includes(one));
      this.noteRows = this.noteRows.filter((note) => !gone.includes(note.code));
      this.personRows = this.personRows.filter((person) => person.own !== own);
      this.issuanceRows = this.issuanceRows.filter((row) => row.own !== own);
      return removed;
    });
  }

  async persons(page: PageRequest): Promise<PersonPage> {
    const rows = pageOf(this.personRows, ({ code }) => code, page);
    return {
      storeCodes: bytes(rows.map(({ code }) => code).join('')),
      generations: Uint8Array.from(rows, ({ generation }) => generation),
      canonical: new Map(
        rows.flatMap(({ code, own }, k) => (code === own ? [] : [[k, bytes(own)] as const])),
      ),
    };
  }

  async issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    this.mustKnow(institution);
    const ofInstitution = this.issuanceRows.filter((row) => row.institution === institution);
    const rows = pageOf(ofInstitution, ({ own }) => own, page);
    return {
      storeCodes: bytes(rows.map(({ own }) => own).join('')),
      keyVersions: Uint8Array.from(rows, ({ keyVersion }) => keyVersion),
    };
  }

  async statistics(): Promise<readonly IssuanceStatistic[]> {
    const statistics: { -readonly [K in keyof IssuanceStatistic]: IssuanceStatistic[K] }[] = [];
    for (const { institution, keyVersion, issuedAt } of this.issuanceRows) {
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
    const recorded = (name: string) => this.keyRows.some((key) => key.name === name);
    const persons = this.personRows.filter(({ generation }) => !recorded(`link/${generation}`)).length;
    const issuances = this.issuanceRows.filter(
      ({ institution, keyVersion }) => !recorded(`institution/${institution}/${keyVersion}`),
    ).length;
    const findings: StoreFinding[] = [];
    if (persons > 0) findings.push({ invariant: 'person-generation-has-key', rows: persons });
    if (issuances > 0) findings.push({ invariant: 'issuance-version-has-key', rows: issuances });
    return findings;
  }

  async count(): Promise<StoreCounts> {
    const aliases = this.personRows.filter(({ code, own }) => code !== own).length;
    return {
      keys: this.keyRows.length,
      persons: this.personRows.length - aliases,
      aliases,
      issuances: this.issuanceRows.length,
    };
  }

  async outlook(): Promise<StoreOutlook> {
    return this.rotationList.outlook();
  }

  async hold(until: number): Promise<void> {
    this.rotationList.holdUntil = until;
  }

  async beginRotation(rotation: NewRotation): Promise<number | undefined> {
    return this.rotationList.begin(rotation);
  }

  async rotations(): Promise<readonly RotationRecord[]> {
    return this.rotationList.list.map(({ record }) => record);
  }

  async moveRotation(move: RotationMove): Promise<WriteOutcome> {
    const { outcome, keys, notes } = this.rotationList.move(
      move,
      this.keyRows,
      this.noteRows,
      this.pairRows.length,
    );
    this.keyRows = [...keys];
    this.noteRows = [...notes];
    return outcome;
  }

  async claimPart(claim: PartClaim): Promise<number | undefined> {
    return this.rotationList.claim(claim);
  }

  async finishPart(id: number, part: number, report: string): Promise<WriteOutcome> {
    return this.rotationList.finish(id, part, report);
  }

  async parts(id: number): Promise<readonly RotationPart[]> {
    return this.rotationList.partsOf(id);
  }

  async noted(limit: number, institution?: InstitutionCode): Promise<readonly NotedRow[]> {
    const wanted = this.noteRows.filter(
      (note) => institution === undefined || note.institution === institution,
    );
    return wanted.slice(0, limit).map(({ note, code, institution: whose }) => {
      const row = { note, storeCode: bytes(code) };
      return whose === undefined ? row : { ...row, institution: whose };
    });
  }

  async settle(notes: readonly number[]): Promise<void> {
    this.noteRows = this.noteRows.filter(({ note }) => !notes.includes(note));
  }
}
