import { Redacted } from '../bytes/redacted.js';
import { checkOptions } from '../errors/options.js';
import { Drain } from '../lifecycle/drain.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';
import { type Correction, correct } from './correction/correct.js';
import { checkChange } from './correction/correctable.js';
import { disclose } from './disclosure/disclose.js';
import type { Disclosure } from './disclosure/disclosure.js';
import { type TakenIn, takeIn } from './new-codes/take-in.js';
import {
  CORRECT_RULES,
  type CorrectRequest,
  DISCLOSE_RULES,
  type DiscloseRequest,
  RECORD_STATISTICS_RULES,
  RECORDS_RULES,
  type RecordStatisticsOptions,
  type RecordsContext,
  type RecordsOptions,
  TAKE_IN_RULES,
  type TakeInRequest,
} from './records-options.js';
import { type RecordStatistic, statistics } from './statistics.js';

/** What is done with the record file besides mediation. Made by {@link openRecords}. */
export class Records extends Redacted {
  readonly #context: RecordsContext;
  readonly #disclosureSystem: InstitutionCode;
  readonly #drain = new Drain('records', 'RECORDS_CLOSED');

  /** @internal */
  constructor(context: RecordsContext, disclosureSystem: InstitutionCode) {
    super();
    this.#context = context;
    this.#disclosureSystem = disclosureSystem;
  }

  /**
   * Discloses a person's records (情報提供等の記録の開示) of every period whose key is in force, the newest first, page by
   * page. Records of 不開示情報 are withheld, and say by which provision; records that are not to be seen yet are not
   * there at all. An entry `records.disclosed` of the operation log says who disclosed which records when, by which
   * receipt number: it is durable before anything is handed out, and without it nothing is.
   *
   * @throws RenkeiError `CODE_FORGED`, also for a code of another institution, and what else a code is refused with;
   *   `CURSOR_INVALID`; `RECORDS_OUTDATED` (retryable) while new record codes are not taken in after a change of
   *   generation: records are never missing from an answer; `ABORTED`, an option error, a vault error or a store error
   */
  disclose(request: DiscloseRequest): Promise<Disclosure> {
    return this.#drain.run(() => {
      checkOptions('disclose', request, DISCLOSE_RULES);
      return disclose(this.#context, this.#disclosureSystem, request);
    });
  }

  /**
   * Corrects a record (記録の訂正): a further branch says what holds from now on, with its reason (記録事項変更事由). What the
   * record said before stays on record. In the same transaction an entry `records.corrected` of the operation log says
   * who corrected which members of which branch when, by which receipt number. Safe to repeat. Without `branch` a correction
   * that meets another branch is made anew on top of it, a few times.
   *
   * @throws RenkeiError `OPTION_UNKNOWN` for a member that may not be corrected; `RECORD_PERIOD_RETIRED` when the records
   *   of its period are being erased; `ABORTED`, an option error or a store error
   */
  correct(request: CorrectRequest): Promise<Correction> {
    return this.#drain.run(() => {
      checkOptions('correct', request, CORRECT_RULES);
      checkChange(request.change);
      return correct(this.#context, request);
    });
  }

  /**
   * Puts the records of a period under the record codes of a new generation: reads what the rotation delivered for the
   * period, checks all of it, and puts row after row under its new code. Broken off, it is called again. Until it is done,
   * {@link Records.disclose} answers `RECORDS_OUTDATED`. To be called after the switch, for every period.
   *
   * @throws RenkeiError `RECEIPT_INVALID`, `SIGNATURE_INVALID`, `DELIVERY_INVALID` also when the files lead from another
   *   generation than the records are found under, `DELIVERY_FAULT`, `ABORTED`, an option error or a store error
   */
  takeInRecordCodes(request: TakeInRequest): Promise<TakenIn> {
    return this.#drain.run(() => {
      checkOptions('takeInRecordCodes', request, TAKE_IN_RULES);
      return takeIn(this.#context, request);
    });
  }

  /**
   * Counts records by the day on which they were recorded, inquirer, provider and outcome, day after day, without any
   * identifier of a person. Counts are what they are, small ones too: who publishes them sees to it that a one does not
   * point at somebody. Reads the whole record file, with the memory of one day's counts.
   *
   * @throws RenkeiError `RECORDS_CLOSED`, `ABORTED`, an option error or a store error
   */
  async *statistics(options: RecordStatisticsOptions = {}): AsyncGenerator<RecordStatistic, void, undefined> {
    checkOptions('statistics', options, RECORD_STATISTICS_RULES);
    // Refuses when it is closed.
    await this.#drain.run(() => undefined);
    yield* statistics(this.#context.store, options.signal);
  }

  /** Refuses new calls and lets the running ones end. Issuer and record file stay open. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  /** The same as {@link Records.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens the record file for disclosure and correction.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID`
 */
export function openRecords(options: RecordsOptions): Records {
  checkOptions('openRecords', options, RECORDS_RULES);
  const { issuer, store, disclosureSystem, now = Date.now } = options;
  return new Records({ issuer, store, now }, parseInstitutionCode(disclosureSystem));
}
