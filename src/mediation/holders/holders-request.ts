import { checkOptions, required, textRule } from '../../errors/options.js';
import type { CodeRefusal } from '../../issuance/presented-codes/codes-result.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';

/** An inquirer that cannot tell who provides asks who holds a code of a person (通知先, 命令85 40条3項). */
export interface HoldersRequest {
  /** 機関コード of the inquirer, who must have been authenticated by whoever calls. */
  readonly inquirer: string;
  /** The inquirer's 情報提供用個人識別符号 of the person, in external form. */
  readonly code: string;
  /** 事務: one of those whose inquirers may ask. */
  readonly affair: string;
}

/** Who holds a code of the person. */
export interface HoldersAnswered {
  /** Tells the outcomes apart. */
  readonly status: 'found';
  /** 機関コード, the inquirer's own among them, ordered by character codes. */
  readonly institutions: readonly InstitutionCode[];
}

/** The affair is none whose inquirers may ask, or the inquirer is none of that affair, or in breach of 番号法28条. */
export interface HoldersNotPermitted {
  /** Tells the outcomes apart. */
  readonly status: 'not-permitted';
}

/** The code leads to nobody. */
export interface HoldersInvalidCode extends CodeRefusal {
  /** Tells the outcomes apart. */
  readonly status: 'invalid-code';
}

/** What became of it. */
export type HoldersOutcome = HoldersAnswered | HoldersNotPermitted | HoldersInvalidCode;

const REQUEST_RULES = { inquirer: required(textRule), code: required(textRule), affair: required(textRule) };

/** @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID` */
export function checkHoldersRequest(request: HoldersRequest): HoldersRequest & {
  readonly inquirer: InstitutionCode;
} {
  checkOptions('holders', request, REQUEST_RULES);
  return { ...request, inquirer: parseInstitutionCode(request.inquirer) };
}
