import { Redacted } from '../bytes/redacted.js';
import { checkOptions } from '../errors/options.js';
import { Drain } from '../lifecycle/drain.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';
import { disclose } from './disclosure/disclose.js';
import type { Disclosure } from './disclosure/disclosure.js';
import {
  DISCLOSE_RULES,
  type DiscloseRequest,
  RECORDS_RULES,
  type RecordsContext,
  type RecordsOptions,
} from './records-options.js';

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
