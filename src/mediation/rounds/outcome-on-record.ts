import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { RecordContent } from '../../stores/record-content.js';
import type { RefusalReason } from '../permissions/decision.js';
import type { MediationOutcome } from '../requests/mediation-result.js';
import { ProviderNotice } from '../requests/provider-notice.js';

/**
 * What the sender of a request is answered, by what is on record of it.
 *
 * @param content what the first branch says
 * @param code the provider's code of the person
 * @throws RenkeiError `CODE_NOT_ISSUED` when the request was forwarded and the provider holds no code any more
 */
export function outcomeOnRecord(
  { serial, branch }: Pick<AccessRecord, 'serial' | 'branch'>,
  content: RecordContent,
  code: PerInstitutionCode | undefined,
  isRepeated: boolean,
): MediationOutcome {
  switch (content.outcome) {
    case 'not-permitted': {
      const reason = content.refusal as RefusalReason;
      return { index: 0, status: 'not-permitted', serial, isRepeated, reason };
    }
    case 'provider-has-no-code':
      return { index: 0, status: 'provider-has-no-code', serial, isRepeated };
    default: {
      if (code === undefined) {
        throw new RenkeiError('CODE_NOT_ISSUED', `the provider of request ${serial} holds no code any more`);
      }
      const notice = new ProviderNotice(serial, branch, content, code);
      const validUntil = content.validUntil as number;
      return { index: 0, status: 'forwarded', serial, branch, isRepeated, validUntil, notice };
    }
  }
}
