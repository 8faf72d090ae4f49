import {
  type Audience,
  HIGHEST_VERSION,
  institutionAudience,
  recordAudience,
  storeAudience,
} from '../codes/key-names.js';
import { checkOptions, integerRule, type OptionRule, required, textRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** One institution's key (情報照会者・情報提供者の鍵) is to be replaced. */
export interface InstitutionRotationRequest {
  /** Tells the kinds apart. */
  readonly kind: 'institution';
  /** 機関コード. */
  readonly institution: string;
  /** Version of the new key, 1 to 255. Default: the one on record that was never used, or else the next. */
  readonly version?: number;
}

/** The key of the issuance store (連携用符号発行管理ファイル) is to be replaced. */
export interface StoreRotationRequest {
  /** Tells the kinds apart. */
  readonly kind: 'store';
  /** Version of the new key, 1 to 255. Default: as of an institution. */
  readonly version?: number;
}

/** All linkage codes (連携用符号) are to be made anew, and with them every code made of them. */
export interface GenerationRotationRequest {
  /** Tells the kinds apart. */
  readonly kind: 'generation';
  /**
   * `store`: from what the store holds, which needs the bulk engine. `list`: from a delivered list of all residents.
   */
  readonly source: 'store' | 'list';
}

/** A record period (情報提供等記録の期間) ends and another begins. */
export interface RecordPeriodRequest {
  /** Tells the kinds apart. */
  readonly kind: 'record-period';
  /** The period that ends, such as `2026`. */
  readonly close: string;
  /** The period that begins. */
  readonly open: string;
  /**
   * When the first one ends, in milliseconds since 1970-01-01 UTC. Default: the end of the Japanese fiscal year that
   * the period names; to be given for another name.
   */
  readonly endedAt?: number;
}

/** What is to be re-keyed. */
export type RotationRequest =
  | InstitutionRotationRequest
  | StoreRotationRequest
  | GenerationRotationRequest
  | RecordPeriodRequest;

const version = integerRule(1, HIGHEST_VERSION);
const kind: OptionRule = { ...textRule, required: true };
const RULES: Record<RotationRequest['kind'], Record<string, OptionRule>> = {
  institution: { kind, institution: required(textRule), version },
  store: { kind, version },
  generation: {
    kind,
    source: required({
      expects: '"store" or "list"',
      check: (value) => value === 'store' || value === 'list',
    }),
  },
  'record-period': {
    kind,
    close: required(textRule),
    open: required(textRule),
    endedAt: integerRule(0, Number.MAX_SAFE_INTEGER),
  },
};

/**
 * Checks a request, names and all.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID` or `RECORD_PERIOD_INVALID`
 */
export function checkRequest(request: RotationRequest): void {
  const rules = Object.hasOwn(RULES, (request as RotationRequest | undefined)?.kind ?? '')
    ? RULES[request.kind]
    : undefined;
  if (rules === undefined) {
    throw new RenkeiError(
      'OPTION_INVALID',
      'a rotation is of the kind institution, store, generation or record-period',
    );
  }
  checkOptions('rotation', request, rules);
  audiencesNamed(request);
  if (request.kind === 'record-period' && request.close === request.open) {
    throw new RenkeiError('OPTION_INVALID', 'the record period that begins is the one that ends');
  }
}

/** The audiences that a request names; of versions that are left open, the first. */
function audiencesNamed(request: RotationRequest): Audience[] {
  if (request.kind === 'institution') return [institutionAudience(request.institution, request.version ?? 1)];
  if (request.kind === 'record-period') return [recordAudience(request.close), recordAudience(request.open)];
  return request.kind === 'store' ? [storeAudience(request.version ?? 1)] : [];
}
