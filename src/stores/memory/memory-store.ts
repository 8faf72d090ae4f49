import { Redacted } from '../../bytes/redacted.js';
import { parseKeyName } from '../../codes/key-names.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import {
  checkChange,
  checkIssuance,
  checkPage,
  checkPairs,
  checkStoreCall,
  checkStoreCodes,
  keysChanged,
} from '../arguments.js';
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
  WriteOutcome,
} from '../port.js';
import {
  checkClaim,
  checkHold,
  checkLimit,
  checkMove,
  checkNewRotation,
  checkNotes,
  checkReport,
  checkRotationId,
} from '../rotation-arguments.js';
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
} from '../rotation-port.js';
import { findingsOf } from './invariants.js';
import { KeyBook } from './key-book.js';
import { MemoryIssuance } from './memory-issuance.js';
import { NoteBook } from './note-book.js';
import { countsOf, issuancePage, pageWithoutSuccessor, personPage, statisticsOf } from './reading.js';
import { RotationBook } from './rotation-book.js';

/** An issuance store in process memory: for development and tests. It is gone with the process. */
export function createMemoryStore(): IssuanceStore {
  return new MemoryStore();
}

class MemoryStore extends Redacted implements IssuanceStore {
  readonly #keys = new KeyBook();
  readonly #notes = new NoteBook();
  readonly #rotations = new RotationBook();
  readonly #issuance = new MemoryIssuance(this.#rotations, this.#notes);
  readonly #people = this.#issuance.people;
  readonly #drain = new Drain('store', 'STORE_CLOSED');

  begin(records: readonly KeyRecord[], options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('begin', options, () => this.#keys.begin(records));
  }

  registerKey(record: KeyRecord, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('registerKey', options, () => {
      const outcome = this.#keys.register(record);
      const parsed = parseKeyName(record.name);
      if (outcome === 'inserted' && parsed.kind === 'institution') this.#people.know(parsed.institution);
      return outcome;
    });
  }

  listKeys(options: StoreCallOptions = {}): Promise<readonly RecordedKey[]> {
    return this.#run('listKeys', options, () =>
      structuredClone(this.#keys.all()).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    return this.#run('issue', options, () =>
      checkIssuance(batch) === 0 ? NO_ROWS : this.#issuance.issue(batch),
    );
  }

  lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    return this.#run('lookUp', options, () =>
      checkStoreCodes(storeCodes) === 0 ? NO_ROWS : this.#issuance.lookUp(institution, storeCodes),
    );
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    return this.#run('details', options, () =>
      checkStoreCodes(storeCodes) === 0 ? [] : this.#issuance.details(institution, storeCodes),
    );
  }

  holders(
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (readonly InstitutionCode[])[]> {
    return this.#run('holders', options, () => {
      checkStoreCodes(storeCodes);
      return this.#issuance.holders(storeCodes);
    });
  }

  change(batch: ChangeBatch, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('change', options, () => {
      checkChange(batch);
      return this.#issuance.change(batch);
    });
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions = {}): Promise<readonly RemovedPerson[]> {
    return this.#run('remove', options, () => {
      checkStoreCodes(storeCodes);
      return this.#issuance.remove(storeCodes);
    });
  }

  persons(page: PageRequest): Promise<PersonPage> {
    return this.#read(page, () => personPage(this.#people, page));
  }

  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    return this.#read(page, () => issuancePage(this.#issuance.rowsOf(institution), page));
  }

  statistics(options: StoreCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.#run('statistics', options, () => statisticsOf(this.#people));
  }

  check(options: StoreCallOptions = {}): Promise<readonly StoreFinding[]> {
    return this.#run('check', options, () => findingsOf(this.#keys, this.#people));
  }

  count(options: StoreCallOptions = {}): Promise<StoreCounts> {
    return this.#run('count', options, () => countsOf(this.#keys, this.#people));
  }

  outlook(options: StoreCallOptions = {}): Promise<StoreOutlook> {
    return this.#run('outlook', options, () => this.#rotations.outlook());
  }

  beginRotation(rotation: NewRotation, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.#run('beginRotation', options, () => {
      checkNewRotation(rotation);
      return this.#rotations.begin(rotation);
    });
  }

  rotations(options: StoreCallOptions = {}): Promise<readonly RotationRecord[]> {
    return this.#run('rotations', options, () => this.#rotations.all());
  }

  moveRotation(move: RotationMove, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('moveRotation', options, () => {
      checkMove(move);
      return this.#rotations.move(move, this.#keys, this.#notes, this.#people.succession.size > 0);
    });
  }

  hold(until: number, options: StoreCallOptions = {}): Promise<void> {
    return this.#run('hold', options, () => {
      checkHold(until);
      this.#rotations.hold(until);
    });
  }

  claimPart(claim: PartClaim, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.#run('claimPart', options, () => {
      checkClaim(claim);
      return this.#rotations.claim(claim);
    });
  }

  finishPart(
    id: number,
    part: number,
    report: string,
    options: StoreCallOptions = {},
  ): Promise<WriteOutcome> {
    return this.#run('finishPart', options, () => {
      checkReport(id, part, report);
      return this.#rotations.finish(id, part, report);
    });
  }

  parts(id: number, options: StoreCallOptions = {}): Promise<readonly RotationPart[]> {
    return this.#run('parts', options, () => {
      checkRotationId('parts', id);
      return this.#rotations.parts(id);
    });
  }

  noted(
    limit: number,
    institution?: InstitutionCode,
    options: StoreCallOptions = {},
  ): Promise<readonly NotedRow[]> {
    return this.#run('noted', options, () => {
      checkLimit('noted', limit);
      return this.#notes.oldest(limit, institution);
    });
  }

  settle(notes: readonly number[], options: StoreCallOptions = {}): Promise<void> {
    return this.#run('settle', options, () => {
      checkNotes(notes);
      this.#notes.settle(notes);
    });
  }

  succeed(pairs: SuccessorPairs, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('succeed', options, () =>
      checkPairs(pairs) === 0 ? [] : this.#issuance.succeed(pairs),
    );
  }

  successors(oldCodes: Uint8Array, options: StoreCallOptions = {}): Promise<KnownSuccessors> {
    return this.#run('successors', options, () => {
      checkStoreCodes(oldCodes);
      return this.#issuance.successors(oldCodes);
    });
  }

  withoutSuccessor(page: PageRequest): Promise<Uint8Array> {
    return this.#read(page, () => pageWithoutSuccessor(this.#people, page));
  }

  lendSuccessors(options: StoreCallOptions = {}): Promise<number> {
    return this.#run('lendSuccessors', options, () => this.#issuance.lendSuccessors());
  }

  moveRows(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.#run('moveRows', options, () => {
      checkLimit('moveRows', limit);
      return this.#issuance.moveRows(limit);
    });
  }

  discardSuccessors(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.#run('discardSuccessors', options, () => {
      checkLimit('discardSuccessors', limit);
      return this.#issuance.discardSuccessors(limit);
    });
  }

  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: StoreCallOptions, action: () => T): Promise<T> {
    return this.#drain.run(() => {
      checkStoreCall(call, options);
      return this.#inEpoch(options, action);
    });
  }

  #read<T>(page: PageRequest, action: () => T): Promise<T> {
    return this.#drain.run(() => {
      checkPage(page);
      return this.#inEpoch(page, action);
    });
  }

  #inEpoch<T>({ epoch }: StoreCallOptions, action: () => T): T {
    if (epoch !== undefined && epoch !== this.#rotations.outlook().epoch) throw keysChanged();
    return action();
  }
}

const NO_ROWS: HeldRows = { versions: new Uint8Array(0), canonical: new Map(), aliases: new Set() };
