import { Redacted } from '../bytes/redacted.js';
import { wipe } from '../bytes/wipe.js';
import { institutionAudience, recordAudience, storeAudience } from '../codes/key-names.js';
import { codeAt } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { fiscalYear } from '../codes/record-period.js';
import { checkOptions, type OptionRule, required } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { Drain } from '../lifecycle/drain.js';
import type { WriteOutcome } from '../stores/port.js';
import { parseInstitutionCode } from '../subjects/institution-code.js';
import { ResidentRecordCode } from '../subjects/resident-record-code.js';
import { wipeResidents } from '../vault/arguments.js';
import { everyRow } from './every-row.js';
import type { IssuanceRequest } from './issuance-request.js';
import type { IssuanceItem, IssuanceResult } from './issuance-result.js';
import { type IssuerParts, type PreparedBatch, prepareBatch, storeBatch } from './issue-batch.js';
import { issueStream } from './issue-stream.js';
import {
  DEFAULT_MAX_WAITING_ISSUES,
  ISSUE_RULES,
  ISSUE_STREAM_RULES,
  ISSUER_RULES,
  type IssueOptions,
  type IssuerOptions,
  type IssueStreamOptions,
  RECORD_CODES_RULES,
  type RecordCodes,
  type RecordCodesOptions,
  TRANSLATE_RULES,
  type TranslateOptions,
} from './issuer-options.js';
import { ItemCodes } from './item-codes.js';
import { type KeyCheck, KeyRegistry } from './key-registry.js';
import { makeCodes, type WantedCode } from './make-codes.js';
import { countTexts, openCodes } from './open-codes.js';
import { SingleIssues } from './single-issues.js';
import { TranslationResult } from './translation-result.js';

/** A request for one code. */
export interface SingleRequest {
  /** 取得番号. */
  readonly acquisitionNumber: string;
  /** 住民票コード; taken and wiped. */
  readonly residentRecordCode: ResidentRecordCode;
}

const SINGLE_REQUEST_RULES: Readonly<Record<string, OptionRule>> = {
  acquisitionNumber: required({ expects: 'a text', check: (value) => typeof value === 'string' }),
  residentRecordCode: required({
    expects: 'a ResidentRecordCode',
    check: (value) => value instanceof ResidentRecordCode,
  }),
};

/**
 * Opens an issuer over a vault and a store. On an empty store the link and store keys are put on record; after that
 * they must be the recorded ones, in generation and version too.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `KEY_FINGERPRINT_MISMATCH`, `KEY_NOT_DISTINCT`, a vault
 *   error or a store error
 */
export async function openIssuer(options: IssuerOptions): Promise<Issuer> {
  checkOptions('openIssuer', options, ISSUER_RULES);
  const { vault, store, generation = 1, storeKeyVersion = 1, now = Date.now } = options;
  const { maxWaitingIssues = DEFAULT_MAX_WAITING_ISSUES } = options;
  const keys = new KeyRegistry(vault, store, now);
  await keys.begin(generation, storeKeyVersion);
  const parts = { vault, store, keys, generation, storeAudience: storeAudience(storeKeyVersion), now };
  return new Issuer(parts, maxWaitingIssues);
}

/**
 * Issues, translates and records: the work of the information-provision core. Made by {@link openIssuer}. Issuers in
 * several processes may work on one store.
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
   * @param version 1 to 255; new codes are made under the highest version registered
   * @throws RenkeiError `INSTITUTION_CODE_INVALID`, `VERSION_INVALID`, `KEY_NOT_DISTINCT`,
   *   `KEY_FINGERPRINT_MISMATCH` or a vault or store error
   */
  registerInstitution(institution: string, version = 1): Promise<WriteOutcome> {
    return this.#drain.run(() => this.#parts.keys.register(institutionAudience(institution, version)));
  }

  /**
   * Registers the key of a record period.
   *
   * @param period default: the Japanese fiscal year of now
   * @throws RenkeiError `RECORD_PERIOD_INVALID`, `KEY_NOT_DISTINCT`, `KEY_FINGERPRINT_MISMATCH` or a vault or store
   *   error
   */
  registerRecordPeriod(period = this.#currentPeriod()): Promise<WriteOutcome> {
    return this.#drain.run(() => this.#parts.keys.register(recordAudience(period)));
  }

  /** Holds every key on record against the vault. */
  checkKeys(): Promise<readonly KeyCheck[]> {
    return this.#drain.run(() => this.#parts.keys.check());
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
   *   store error
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
        return storeBatch(this.#parts, code, prepared, options);
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
    const code = parseInstitutionCode(institution);
    const { signal, onProgress } = options;
    yield* issueStream(
      batches,
      {
        prepare: (request: IssuanceRequest) =>
          this.#drain
            .run(() => prepareBatch(this.#parts, code, request, signal))
            .finally(() => wipeRequest(request)),
        store: (prepared: PreparedBatch) =>
          this.#drain.run(() => storeBatch(this.#parts, code, prepared, options)),
        discard: wipeRequest,
      },
      signal,
      onProgress,
    );
  }

  /**
   * Translates codes of one institution into another's for the same people. A code that is malformed, forged, of
   * another institution, of an unknown version or never issued is refused; the others are served.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BATCH_TOO_LARGE`, `ABORTED`, a vault error or a store error
   */
  translate(texts: readonly string[], options: TranslateOptions): Promise<TranslationResult> {
    return this.#drain.run(async () => {
      checkOptions('translate', options, TRANSLATE_RULES);
      const from = parseInstitutionCode(options.from);
      const to = parseInstitutionCode(options.to);
      const rows = countTexts(texts);
      const codes = ItemCodes.none(rows);
      if (rows === 0) return new TranslationResult(0, codes, new Map());
      await this.#parts.keys.active(from);
      const active = await this.#parts.keys.active(to);
      const opened = await openCodes(this.#parts, texts, from, active.name, options.signal);
      const answer = await this.#parts.store.lookUp(to, opened.storeCodes);
      const { versions } = everyRow(answer, opened.rows.length);
      const older: WantedCode[] = [];
      opened.rows.forEach((index, k) => {
        const version = versions[k] as number;
        if (version === active.version) codes.set(index, codeAt(opened.codes, k), version);
        else if (version !== 0) older.push({ index, storeCode: codeAt(opened.storeCodes, k), version });
      });
      await makeCodes(this.#parts, to, older, codes, options.signal);
      return new TranslationResult(rows, codes, opened.refused);
    });
  }

  /**
   * The record codes (情報提供等記録用符号) of the people behind an institution's codes.
   *
   * @param texts codes of `from` in external form
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `RECORD_PERIOD_INVALID`, `RECORD_PERIOD_UNKNOWN`, `ABORTED`, a vault
   *   error or a store error
   */
  recordCodes(texts: readonly string[], options: RecordCodesOptions): Promise<RecordCodes> {
    return this.#drain.run(async () => {
      checkOptions('recordCodes', options, RECORD_CODES_RULES);
      const from = parseInstitutionCode(options.from);
      const key = recordAudience(options.period ?? this.#currentPeriod());
      const rows = countTexts(texts);
      const codes = new Uint8Array(rows * CODE_LENGTH);
      if (rows === 0) return { codes, refusals: [] };
      await this.#parts.keys.active(from);
      if (!(await this.#parts.keys.has(key))) {
        throw new RenkeiError('RECORD_PERIOD_UNKNOWN', `the key ${key} is not registered`);
      }
      await this.#parts.keys.verify(key);
      const opened = await openCodes(this.#parts, texts, from, key, options.signal);
      opened.rows.forEach((index, k) => {
        codes.set(codeAt(opened.codes, k), index * CODE_LENGTH);
      });
      const refusals = [...opened.refused].map(([index, code]) => ({ index, code }));
      return { codes, refusals: refusals.sort((a, b) => a.index - b.index) };
    });
  }

  /** Refuses new calls and lets the running ones end. Vault and store stay open. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  /** The same as {@link Issuer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #currentPeriod(): string {
    return fiscalYear(new Date(this.#parts.now()));
  }
}

/** Wipes the residents of a request, whatever else is wrong with it. */
function wipeRequest(request: IssuanceRequest): void {
  wipeResidents(request?.residents as Uint8Array);
}
