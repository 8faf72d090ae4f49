import { type OptionRule, required } from '../../errors/options.js';
import { ResidentRecordCode } from '../../subjects/resident-record-code.js';

/** A request for one code. */
export interface SingleRequest {
  /** 取得番号. */
  readonly acquisitionNumber: string;
  /** 住民票コード; taken and wiped. */
  readonly residentRecordCode: ResidentRecordCode;
}

/** What a request for one code must hold. */
export const SINGLE_REQUEST_RULES: Readonly<Record<string, OptionRule>> = {
  acquisitionNumber: required({ expects: 'a text', check: (value) => typeof value === 'string' }),
  residentRecordCode: required({
    expects: 'a ResidentRecordCode',
    check: (value) => value instanceof ResidentRecordCode,
  }),
};
