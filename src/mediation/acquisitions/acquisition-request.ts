import { checkOptions, integerRule, objectRule, required, textRule } from '../../errors/options.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import type { AcquisitionNotice } from './acquisition-notice.js';
import { checkPerson, type PersonDescription } from './person-description.js';

/** An inquirer asks that a provider without a code of a person acquire one (令26条3項). */
export interface AcquisitionRequest {
  /** 処理通番 of the request that was answered with `provider-has-no-code`. */
  readonly serial: number;
  /** 機関コード of the inquirer of that request, who must have been authenticated by whoever calls. */
  readonly inquirer: string;
  /** Handed on and never kept. */
  readonly person: PersonDescription;
}

/** The provider is to be asked. */
export interface AskedToAcquire {
  /** Tells the outcomes apart. */
  readonly status: 'asked';
  /** For the provider: the person's description is in it. */
  readonly notice: AcquisitionNotice;
}

/** This inquirer has no request of this number that was answered with `provider-has-no-code`. More is not told. */
export interface NothingToAcquire {
  /** Tells the outcomes apart. */
  readonly status: 'unknown';
}

/** What became of it. */
export type AcquisitionOutcome = AskedToAcquire | NothingToAcquire;

const REQUEST_RULES = {
  serial: required(integerRule(1, Number.MAX_SAFE_INTEGER)),
  inquirer: required(textRule),
  person: required(objectRule('a description')),
};
/** @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID` */
export function checkAcquisition(request: AcquisitionRequest): {
  readonly serial: number;
  readonly inquirer: InstitutionCode;
  readonly person: PersonDescription;
} {
  checkOptions('askToAcquire', request, REQUEST_RULES);
  return {
    serial: request.serial,
    inquirer: parseInstitutionCode(request.inquirer),
    person: checkPerson(request.person),
  };
}
