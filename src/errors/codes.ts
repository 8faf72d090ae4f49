/** What holds for every error with one code. */
export interface ErrorCodeFacts {
  /** True when the same call may simply be made again. */
  readonly retryable: boolean;
}

const CODES = {
  // Subjects: what comes in from outside.
  RESIDENT_RECORD_CODE_LENGTH: { retryable: false },
  RESIDENT_RECORD_CODE_CHARACTER: { retryable: false },
  RESIDENT_RECORD_CODE_CHECK_DIGIT: { retryable: false },
  RESIDENT_RECORD_CODE_WIPED: { retryable: false },
  RESIDENT_RECORD_CODE_UNCHANGED: { retryable: false },
  INDIVIDUAL_NUMBER_REFUSED: { retryable: false },
  INSTITUTION_CODE_INVALID: { retryable: false },
  ACQUISITION_NUMBER_INVALID: { retryable: false },
  ACQUISITION_NUMBER_FORBIDDEN: { retryable: false },
  ACQUISITION_NUMBER_REPEATED: { retryable: false },
  // Key names, codes and their parts.
  VERSION_INVALID: { retryable: false },
  GENERATION_INVALID: { retryable: false },
  RECORD_PERIOD_INVALID: { retryable: false },
  KEY_NAME_INVALID: { retryable: false },
  CODE_LENGTH: { retryable: false },
  CODE_CHARACTER: { retryable: false },
  CODE_VERSION_INVALID: { retryable: false },
  CODE_VERSION_UNKNOWN: { retryable: false },
  CODE_VERSION_RETIRED: { retryable: false },
  CODE_FORGED: { retryable: false },
  CODE_NOT_ISSUED: { retryable: false },
  // Calls.
  OPTION_UNKNOWN: { retryable: false },
  OPTION_INVALID: { retryable: false },
  BUFFER_LENGTH: { retryable: false },
  BATCH_TOO_LARGE: { retryable: false },
  ABORTED: { retryable: true },
  // Keys.
  KEY_NOT_FOUND: { retryable: false },
  KEY_AMBIGUOUS: { retryable: false },
  KEY_EXISTS: { retryable: false },
  KEY_LENGTH: { retryable: false },
  KEY_USAGE: { retryable: false },
  KEY_EXPOSED: { retryable: false },
  KEY_FINGERPRINT_MISMATCH: { retryable: false },
  KEY_NOT_DISTINCT: { retryable: false },
  KEYS_CHANGED: { retryable: true },
  KEY_STILL_PRESENT: { retryable: false },
  // Rotations.
  ROTATION_UNKNOWN: { retryable: false },
  ROTATION_CONFLICT: { retryable: false },
  ROTATION_STATUS: { retryable: false },
  ROTATION_INCOMPLETE: { retryable: false },
  ROTATION_IN_PROGRESS: { retryable: false },
  ROTATION_UNSUPPORTED: { retryable: false },
  ROTATION_FOLDER: { retryable: false },
  ROTATION_TOO_EARLY: { retryable: false },
  DELIVERY_INVALID: { retryable: false },
  DELIVERY_FAULT: { retryable: true },
  RECEIPT_INVALID: { retryable: false },
  SIGNATURE_INVALID: { retryable: false },
  // Vaults and HSM modules.
  ENGINE_REFUSED: { retryable: false },
  VAULT_CLOSED: { retryable: false },
  MODULE_LOAD: { retryable: false },
  MODULE_FAULT: { retryable: true },
  MODULE_REFUSED: { retryable: false },
  MECHANISM_MISSING: { retryable: false },
  TOKEN_NOT_FOUND: { retryable: false },
  TOKEN_AMBIGUOUS: { retryable: false },
  PIN_REFUSED: { retryable: false },
  PIN_LOCKED: { retryable: false },
  WORKER_LOST: { retryable: true },
  HSM_UNAVAILABLE: { retryable: true },
  DEADLINE_EXCEEDED: { retryable: true },
  ASSURANCE_TOO_LOW: { retryable: false },
  CEREMONY_RECORD_INVALID: { retryable: false },
  CEREMONY_TOKEN_DIFFERS: { retryable: false },
  // Issuance and its store.
  INSTITUTION_UNKNOWN: { retryable: false },
  RECORD_PERIOD_UNKNOWN: { retryable: false },
  RECORD_PERIOD_RETIRED: { retryable: false },
  ISSUER_CLOSED: { retryable: false },
  ISSUER_BUSY: { retryable: true },
  STORE_CLOSED: { retryable: false },
  STORE_SCHEMA: { retryable: false },
  STORE_NOT_DURABLE: { retryable: false },
  STORE_CORRUPT: { retryable: false },
  STORE_FAULT: { retryable: true },
  // The operation log and the record file.
  LOG_ENTRY_INVALID: { retryable: false },
  LOG_CLOSED: { retryable: false },
  LOG_FORKED: { retryable: false },
  CHECKPOINT_INVALID: { retryable: false },
  RECORDS_OUTDATED: { retryable: true },
  RECORDS_CLOSED: { retryable: false },
  CURSOR_INVALID: { retryable: false },
  EXTRACTION_INVALID: { retryable: false },
  EXTRACTION_FAULT: { retryable: true },
  // Mediation.
  REQUEST_CONFLICT: { retryable: false },
  MEDIATOR_CLOSED: { retryable: false },
  MEDIATOR_BUSY: { retryable: true },
  // Loads and comparisons of whole populations.
  BULK_LOAD_STATE: { retryable: false },
  SPILL_IN_USE: { retryable: false },
  SPILL_MISMATCH: { retryable: false },
  SPILL_CORRUPT: { retryable: false },
  SPILL_FAULT: { retryable: true },
} as const satisfies Record<string, ErrorCodeFacts>;

/** A stable error code: the closed union a program may switch over. */
export type RenkeiErrorCode = keyof typeof CODES;

/** Every error code of the library. `docs/errors.md` explains each. */
export const ERROR_CODES: Readonly<Record<RenkeiErrorCode, ErrorCodeFacts>> = CODES;
