import { Redacted } from '../bytes/redacted.js';
import { wipe } from '../bytes/wipe.js';
import { institutionAudience, recordAudience } from '../codes/key-names.js';
import { checkOptions } from '../errors/options.js';
import { Drain } from '../lifecycle/drain.js';
import type { IssuanceStatistic, WriteOutcome } from '../stores/port.js';
import { parseInstitutionCode } from '../subjects/institution-code.js';
import { wipeResidents } from '../vault/arguments.js';
import { type IssuanceRequest, wipeRequest } from './batches/issuance-request.js';
import type { IssuanceItem, IssuanceResult } from './batches/issuance-result.js';
import { issueAll } from './batches/issue-all.js';
import { prepareBatch, storeBatch } from './batches/issue-batch.js';
import { BulkLoad, type BulkLoadOptions } from './bulk-load/bulk-load.js';
import { checkStore, type IssuanceFinding } from './check-store.js';
import { type ComparePopulationOptions, PopulationComparison } from './comparison/population-comparison.js';
import {
  BULK_LOAD_RULES,
  CALL_RULES,
  type CheckStoreOptions,
  COMPARE_POPULATION_RULES,
  type CodesOptions,
  ISSUE_RULES,
  ISSUE_STREAM_RULES,
  type IssueOptions,
  type IssuerCallOptions,
  type IssueStreamOptions,
  type MediateOptions,
  type PeriodCodesOptions,
  type RecordCodesOptions,
  type TranslateOptions,
} from './issuer-options.js';
import type { IssuerParts } from './issuer-parts.js';
import type { KeyCheck } from './key-check.js';
import { changeResidents, type ResidentRecordCodeChanges } from './people/change-residents.js';
import type { ChangeResult } from './people/change-result.js';
import type { RemovalResult } from './people/removal-result.js';
import { removePersons } from './people/remove-persons.js';
import { codeHolders, type HoldersResult } from './presented-codes/code-holders.js';
import { type ManagementResult, managementInformation } from './presented-codes/management-information.js';
import { mediateCodes } from './presented-codes/mediate-codes.js';
import type { MediatedCodes } from './presented-codes/mediated-codes.js';
import {
  currentPeriod,
  type PeriodCodes,
  periodCodes,
  type RecordCodes,
  recordCodes,
} from './presented-codes/record-codes.js';
import { translateCodes } from './presented-codes/translate-codes.js';
import type { TranslationResult } from './presented-codes/translation-result.js';
import type { Residents } from './residents.js';
import { SingleIssues } from './singles/single-issues.js';
import { SINGLE_REQUEST_RULES, type SingleRequest } from './singles/single-request.js';
import type { ResidentBatches } from './spill/receive-requests.js';

/**
 * Issues, translates and records: the work of the information-provision core. Made by `openIssuer`. Issuers in
 * several processes may work on one store.
 *
 * Keys may be switched and retired while it works. What only reads is then done again by itself. What issues, changes
 * or removes waits while a switch is near; if one comes between its codes and the store all the same, nothing is
 * stored and the call fails with `KEYS_CHANGED`, to be made again with the residents anew.
 */
export class Issuer extends Redacted {
  readonly #parts: IssuerParts;
  readonly #singles: SingleIssues;
  readonly #drain = new Drain('issuer', 'ISSUER_CLOSED');

  /** @internal */
  constructor(parts: IssuerParts, maxWaitingIssues: number) {
    super();
    this.#parts = parts;
    this.#singles = new SingleIssues(parts, maxWaitingIssues);
  }

  /**
   * Registers an institution (情報照会者等) with a version of its key, whose fingerprint must differ from every other
   * key's (令27条5項4号). Registering it again changes nothing.
   *
   * @param institution 機関コード
   * @param version 1 to 255. The first one registered is active at once: codes are made under it. A further one is
   *   `pre-active` until a rotation switches to it
   * @throws RenkeiError `INSTITUTION_CODE_INVALID`, `VERSION_INVALID`, `KEY_NOT_DISTINCT`,
   *   `KEY_FINGERPRINT_MISMATCH`, `ROTATION_IN_PROGRESS` or a vault or store error
   */
  registerInstitution(institution: string, version = 1): Promise<WriteOutcome> {
    return this.#drain.run(() => this.#parts.registry.register(institutionAudience(institution, version)));
  }

  /**
   * Registers the key of a record period.
   *
   * @param period default: the Japanese fiscal year of now
   * @throws RenkeiError `RECORD_PERIOD_INVALID`, `KEY_NOT_DISTINCT`, `KEY_FINGERPRINT_MISMATCH`,
   *   `ROTATION_IN_PROGRESS` or a vault or store error
   */
  registerRecordPeriod(period = currentPeriod(this.#parts)): Promise<WriteOutcome> {
    return this.#drain.run(() => this.#parts.registry.register(recordAudience(period)));
  }

  /** Holds every key on record against the vault, the destroyed ones too, which must not be there. */
  checkKeys(): Promise<readonly KeyCheck[]> {
    return this.#drain.run(() => this.#parts.registry.check());
  }

  /**
   * Issues one code. The resident record code is taken and wiped; a retry needs a new one.
   *
   * Calls that are under way at the same time share calls of the vault and transactions of the store: those of one
   * institution that come while a round is computed or stored go into the next. Each is answered as if it were alone,
   * in the order in which they came.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `RESIDENT_RECORD_CODE_WIPED`, `ISSUER_BUSY`, `ABORTED`, a vault error
   *   or a store error
   */
  async issue(
    institution: string,
    request: SingleRequest,
    options: IssueOptions = {},
  ): Promise<IssuanceItem> {
    checkOptions('issue', request, SINGLE_REQUEST_RULES);
    const { acquisitionNumber } = request;
    const digits = request.residentRecordCode.take();
    try {
      return await this.#drain.run(() => {
        checkOptions('issue', options, ISSUE_RULES);
        return this.#singles.issue(parseInstitutionCode(institution), acquisitionNumber, digits, options);
      });
    } finally {
      wipe(digits);
    }
  }

  /**
   * Issues a batch in one transaction. Refused items are named in the result, the others are served. May be called
   * again after any failure: what was stored is then `already-issued`.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a
   *   store error, among them `KEYS_CHANGED`
   */
  async issueBatch(
    institution: string,
    request: IssuanceRequest,
    options: IssueOptions = {},
  ): Promise<IssuanceResult> {
    try {
      return await this.#drain.run(async () => {
        checkOptions('issueBatch', options, ISSUE_RULES);
        const code = parseInstitutionCode(institution);
        const prepared = await prepareBatch(this.#parts, code, request, options.signal);
        return storeBatch(prepared, options);
      });
    } finally {
      wipeRequest(request);
    }
  }

  /**
   * Issues batch after batch: results come out in the order of the batches, each durable when it comes. While one is
   * stored the next is computed; memory stays constant however long the stream is. Ends with `ABORTED` between two
   * batches when the signal says so; every batch is stored whole or not at all.
   *
   * @throws RenkeiError as {@link Issuer.issueBatch}
   */
  async *issueAll(
    institution: string,
    batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
    options: IssueStreamOptions = {},
  ): AsyncGenerator<IssuanceResult, void, void> {
    checkOptions('issueAll', options, ISSUE_STREAM_RULES);
    yield* issueAll(this.#parts, this.#drain, parseInstitutionCode(institution), batches, options);
  }

  /**
   * Opens the load of a whole population for one institution, or goes on with the one that lies in the folder.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `SPILL_IN_USE`, `SPILL_MISMATCH`, `SPILL_CORRUPT`, `SPILL_FAULT`, a
   *   vault error or a store error
   */
  openBulkLoad(institution: string, options: BulkLoadOptions): Promise<BulkLoad> {
    return this.#drain.run(() => {
      checkOptions('openBulkLoad', options, BULK_LOAD_RULES);
      return BulkLoad.open(this.#parts, parseInstitutionCode(institution), options);
    });
  }

  /**
   * Compares a delivered list of residents with the store (整合性確認): who is only here, only there, in both. Packed
   * residents are wiped.
   *
   * @param population batches of at most 100,000 residents: n × 11 ASCII digits each, or texts
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `ROTATION_IN_PROGRESS` while rows are moved to another store key,
   *   `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `SPILL_IN_USE`, `SPILL_MISMATCH`, `SPILL_CORRUPT`, `SPILL_FAULT`,
   *   `KEYS_CHANGED`, `ABORTED`, a vault error or a store error
   */
  comparePopulation(
    population: ResidentBatches,
    options: ComparePopulationOptions,
  ): Promise<PopulationComparison> {
    return this.#drain.run(() => {
      checkOptions('comparePopulation', options, COMPARE_POPULATION_RULES);
      const { institution } = options;
      const code = institution === undefined ? undefined : parseInstitutionCode(institution);
      return PopulationComparison.make(this.#parts, population, code, options);
    });
  }

  /**
   * Translates codes of one institution into another's for the same people. A code that is malformed, forged, of
   * another institution, of an unknown or retired version or never issued is refused; the others are served. Codes of a
   * version before the active one are understood until that is retired; codes given are of the active version.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a store error
   */
  translate(texts: readonly string[], options: TranslateOptions): Promise<TranslationResult> {
    return this.#drain.run(() => translateCodes(this.#parts, texts, options));
  }

  /**
   * The record codes (情報提供等記録用符号) of the people behind an institution's codes.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `RECORD_PERIOD_INVALID`, `RECORD_PERIOD_UNKNOWN`,
   *   `RECORD_PERIOD_RETIRED`, `ABORTED`, a vault error or a store error
   */
  recordCodes(texts: readonly string[], options: RecordCodesOptions): Promise<RecordCodes> {
    return this.#drain.run(() => recordCodes(this.#parts, texts, options));
  }

  /**
   * What a mediator needs of an inquirer's codes (媒介, 令26条): each is opened once, for the person's record code and,
   * where the provider holds one, for the provider's code of the person. Refused are the same as of
   * {@link Issuer.translate}. A provider that is not registered holds no code.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError `INSTITUTION_UNKNOWN` (`from`), `RECORD_PERIOD_INVALID`, `RECORD_PERIOD_UNKNOWN`,
   *   `RECORD_PERIOD_RETIRED`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a store error
   */
  mediate(texts: readonly string[], options: MediateOptions): Promise<MediatedCodes> {
    return this.#drain.run(() => mediateCodes(this.#parts, texts, options));
  }

  /**
   * The record codes (情報提供等記録用符号) of the people behind an institution's codes in several periods, made in one pass
   * with the keys of one moment. A period whose key is retired is left out.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError as {@link Issuer.recordCodes}, but for `RECORD_PERIOD_RETIRED`
   */
  periodCodes(texts: readonly string[], options: PeriodCodesOptions): Promise<PeriodCodes> {
    return this.#drain.run(() => periodCodes(this.#parts, texts, options));
  }

  /**
   * Changes resident record codes (住基法30条の9の2第2項): the new one leads to the person of the old one, who keeps every
   * code; the old one goes on leading there too. Packed residents of both are wiped. Again changes nothing.
   *
   * @throws RenkeiError `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a store error
   */
  changeResidentRecordCodes(
    changes: ResidentRecordCodeChanges,
    options: IssuerCallOptions = {},
  ): Promise<ChangeResult> {
    return this.#drain
      .run(() => changeResidents(this.#parts, changes, options))
      .finally(() => {
        wipeResidents(changes?.old);
        wipeResidents(changes?.new);
      });
  }

  /**
   * Deletes people for good (物理削除), by any of their resident record codes: the person, the changes of resident record
   * codes and all issuances. Packed residents are wiped. Their codes are `CODE_NOT_ISSUED` from then on. Who is issued
   * to again is a new person, made from the resident record code given then.
   *
   * @throws RenkeiError `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a store error
   */
  removePersons(residents: Residents, options: IssuerCallOptions = {}): Promise<RemovalResult> {
    return this.#drain
      .run(() => removePersons(this.#parts, residents, options))
      .finally(() => wipeResidents(residents));
  }

  /**
   * Which institutions hold a code of the people behind an institution's codes (通知先, 命令85 40条3項).
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError as {@link Issuer.translate}
   */
  holders(texts: readonly string[], options: CodesOptions): Promise<HoldersResult> {
    return this.#drain.run(() => codeHolders(this.#parts, texts, options));
  }

  /**
   * How codes of an institution were made and when (連携用符号管理情報).
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError as {@link Issuer.translate}
   */
  managementInformation(texts: readonly string[], options: CodesOptions): Promise<ManagementResult> {
    return this.#drain.run(() => managementInformation(this.#parts, texts, options));
  }

  /** Codes on record per institution, key version and day (符号生成に関する統計). Reads the whole store. */
  statistics(options: IssuerCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.#drain.run(() => {
      checkOptions('statistics', options, CALL_RULES);
      return this.#parts.store.statistics(options);
    });
  }

  /**
   * Holds every row against the store's invariants, every key on record against the vault, and opens every store code:
   * what is broken, by name; empty when all is well. Reads the whole store, and the vault opens as many codes.
   */
  checkStore(options: CheckStoreOptions = {}): Promise<readonly IssuanceFinding[]> {
    return this.#drain.run(() => checkStore(this.#parts, options));
  }

  /** Refuses new calls and lets the running ones end. Vault and store stay open. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(() => this.#singles.allIdle());
  }

  /** The same as {@link Issuer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
