import { Redacted } from '../../bytes/redacted.js';
import { codeAt } from '../../codes/packed-codes.js';
import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, signalRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import { MAX_BATCH_ROWS } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import { makeCodes, type WantedCode } from '../make-codes.js';
import { rotationsIn } from '../open-rotations.js';
import { type Operation, reading } from '../operation.js';
import { type ReceiveProgress, type ResidentBatches, receiveRequests } from '../spill/receive-requests.js';
import { Spill } from '../spill/spill.js';
import { comparedPages, ONLY_THERE, type RenamedPeople, resolveList } from './compare-list.js';
import { HeldByInstitution, KnownToStore } from './resolve-list.js';

/** Options of `Issuer.comparePopulation`. */
export interface ComparePopulationOptions {
  /** Folder for the comparison alone; made when it is not there, erased by {@link PopulationComparison.close}. */
  readonly folder: string;
  /** 機関コード: compares with those who have a code of this institution. Default: with everybody in the store. */
  readonly institution?: string;
  /** Told after each batch of the list. */
  readonly onProgress?: (progress: ReceiveProgress) => void;
  /** Gives up between batches. */
  readonly signal?: AbortSignal;
}

/** Options of reading what a comparison found. */
export interface ReadComparisonOptions {
  /** Gives up between batches. */
  readonly signal?: AbortSignal;
}

/** How a delivered list and the store differ. */
export interface ComparisonCounts {
  /** People of the store who are not in the list. */
  readonly onlyHere: number;
  /** People of the list who are not in the store, each once. */
  readonly onlyThere: number;
  /** People who are in both. */
  readonly both: number;
  /** Entries of people who stand in the list before, under the same or another resident record code. */
  readonly repeated: number;
  /** Entries that are no resident record codes. */
  readonly refused: number;
}

/** What the spill folder of a comparison says. */
interface ComparisonRecord {
  readonly purpose: 'comparison';
}

/** Rows of the store that codes are made of at a time. */
const CODES_A_BATCH = 10_000;

/**
 * 整合性確認: a delivered list of residents held against the store. Made by `Issuer.comparePopulation`. A changed
 * resident record code stands for the person. What the store is given or loses while it is compared may count or not.
 *
 * Errors of every method: `SPILL_FAULT` (retryable), `SPILL_CORRUPT`, `BULK_LOAD_STATE` after closing, `ABORTED`, vault
 * and store errors, among them `KEYS_CHANGED` once keys were switched or retired: the comparison is to be made anew.
 */
export class PopulationComparison extends Redacted {
  readonly #operation: Operation;
  readonly #spill: Spill<ComparisonRecord>;
  readonly #institution: InstitutionCode | undefined;
  readonly #renamed: RenamedPeople;
  readonly #drain = new Drain('comparison', 'BULK_LOAD_STATE');
  /** How list and store differ. */
  readonly counts: ComparisonCounts;

  private constructor(
    operation: Operation,
    spill: Spill<ComparisonRecord>,
    institution: InstitutionCode | undefined,
    renamed: RenamedPeople,
    counts: ComparisonCounts,
  ) {
    super();
    this.#operation = operation;
    this.#spill = spill;
    this.#institution = institution;
    this.#renamed = renamed;
    this.counts = counts;
  }

  /** @internal */
  static async make(
    parts: IssuerParts,
    population: ResidentBatches,
    institution: InstitutionCode | undefined,
    { folder, onProgress, signal }: ComparePopulationOptions,
  ): Promise<PopulationComparison> {
    const operation = await beginComparing(parts, institution, signal);
    const spill = await openSpill(folder);
    try {
      const begin = () => Promise.resolve(operation);
      await receiveRequests(spill, population, { begin, signal, onProgress });
      const resolver =
        institution === undefined
          ? new KnownToStore(operation, signal)
          : new HeldByInstitution(operation, institution);
      const renamed = await resolveList(spill, resolver, signal);
      await spill.checkpoint();
      const counts = await count(operation, spill, renamed, institution, signal);
      return new PopulationComparison(operation, spill, institution, renamed, counts);
    } catch (error) {
      spill.erase();
      throw error;
    }
  }

  /** Places in the list, counted from 0 and ascending, of the people who are not in the store. */
  onlyThere(options: ReadComparisonOptions = {}): AsyncGenerator<readonly number[], void, void> {
    return this.#read(options, ({ signal }) => onlyThere(this.#spill, signal));
  }

  /**
   * The institution's codes of people who are not in the list.
   *
   * @throws RenkeiError `OPTION_INVALID` when the comparison was not made for an institution
   */
  onlyHere(options: ReadComparisonOptions = {}): AsyncGenerator<readonly PerInstitutionCode[], void, void> {
    return this.#read(options, ({ signal }) => this.#codes(0, signal));
  }

  /**
   * The institution's codes of people who are in the list and in the store.
   *
   * @throws RenkeiError `OPTION_INVALID` when the comparison was not made for an institution
   */
  both(options: ReadComparisonOptions = {}): AsyncGenerator<readonly PerInstitutionCode[], void, void> {
    return this.#read(options, ({ signal }) => this.#codes(1, signal));
  }

  /** Erases the files of the comparison. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(() => this.#spill.erase());
  }

  /** The same as {@link PopulationComparison.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#read<Item>(
    options: ReadComparisonOptions,
    open: (options: ReadComparisonOptions) => AsyncGenerator<Item, void, void>,
  ): AsyncGenerator<Item, void, void> {
    checkOptions('comparison', options, { signal: signalRule });
    const items = open(options);
    for (;;) {
      const { done, value } = await this.#drain.run(() => items.next());
      if (done === true) return;
      yield value;
    }
  }

  async *#codes(
    isThere: 0 | 1,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly PerInstitutionCode[], void, void> {
    const institution = this.#institution;
    if (institution === undefined) {
      throw new RenkeiError(
        'OPTION_INVALID',
        'codes are those of an institution: compare with option "institution"',
      );
    }
    const key = await this.#operation.keys.active(institution, signal);
    const pages = comparedPages(
      this.#operation,
      this.#spill,
      this.#renamed,
      institution,
      CODES_A_BATCH,
      signal,
    );
    for await (const page of pages) {
      const wanted: WantedCode[] = [];
      page.isThere.forEach((flag, row) => {
        if (flag !== isThere) return;
        wanted.push({ index: wanted.length, storeCode: codeAt(page.storeCodes, row) });
      });
      if (wanted.length === 0) continue;
      const codes = ItemCodes.none(wanted.length, key.version);
      await makeCodes(this.#operation, key, wanted, codes, signal);
      yield wanted.map(({ index }) => codes.text(index) as PerInstitutionCode);
    }
  }
}

/**
 * Begins to compare with the keys in force. While rows stand under two store keys, one list of store codes does not fit
 * them all.
 *
 * @throws RenkeiError `INSTITUTION_UNKNOWN` or `ROTATION_IN_PROGRESS`
 */
function beginComparing(
  parts: IssuerParts,
  institution: InstitutionCode | undefined,
  signal: AbortSignal | undefined,
): Promise<Operation> {
  return reading(parts, signal, async (operation) => {
    const { store, keys } = operation;
    if (institution !== undefined) await keys.active(institution, signal);
    const moving = await rotationsIn(store, ['switched', 'retiring'], keys.callOptions(signal));
    const ofStoreKey = moving.find(({ kind }) => kind === 'store' || kind === 'generation');
    if (ofStoreKey === undefined) return operation;
    throw new RenkeiError(
      'ROTATION_IN_PROGRESS',
      `rotation ${ofStoreKey.id} changes the store key: compare when it is retired`,
    );
  });
}

/** A folder for a new comparison; what an interrupted one left there is erased. */
async function openSpill(folder: string): Promise<Spill<ComparisonRecord>> {
  const options = { folder, withCodes: false, begin: () => ({ purpose: 'comparison' }) as const };
  const spill = await Spill.open<ComparisonRecord>(options);
  if (spill.about.purpose !== 'comparison') {
    spill.close();
    throw new RenkeiError('SPILL_MISMATCH', 'the spill folder is not one of a comparison');
  }
  if (spill.received === 0) return spill;
  spill.erase();
  return Spill.open(options);
}

async function count(
  operation: Operation,
  spill: Spill<ComparisonRecord>,
  renamed: RenamedPeople,
  institution: InstitutionCode | undefined,
  signal: AbortSignal | undefined,
): Promise<ComparisonCounts> {
  let here = 0;
  let both = 0;
  for await (const { isThere } of comparedPages(
    operation,
    spill,
    renamed,
    institution,
    MAX_BATCH_ROWS,
    signal,
  )) {
    here += isThere.length;
    for (const flag of isThere) both += flag;
  }
  let there = 0;
  for await (const positions of onlyThere(spill, signal)) there += positions.length;
  const accepted = spill.partitionRows.reduce((sum, rows) => sum + rows, 0);
  return {
    onlyHere: here - both,
    onlyThere: there,
    both,
    repeated: accepted - both - there,
    refused: spill.received - accepted,
  };
}

async function* onlyThere<About>(
  spill: Spill<About>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly number[], void, void> {
  const cursors = spill.outcomes();
  let first = 0;
  for (const { rows, partitions, refusals } of spill.requests()) {
    throwIfAborted(signal);
    const positions: number[] = [];
    for (let row = 0; row < rows; row++) {
      if (refusals[row] !== 0) continue;
      if (cursors.next(partitions[row] as number) === ONLY_THERE) positions.push(first + row);
    }
    first += rows;
    if (positions.length > 0) yield positions;
  }
}
