import type { RenkeiErrorCode } from '../../errors/codes.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { acquisitionNumberFault } from '../../subjects/acquisition-number.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../subjects/resident-record-code.js';
import { wipeResidents } from '../../vault/arguments.js';
import { checkBatchSize } from '../batch-size.js';
import { countResidents, packedResidents, type Residents } from '../residents.js';

/** A batch of requests for codes: the n-th acquisition number goes with the n-th resident. */
export interface IssuanceRequest {
  /** 取得番号: 1 to 64 of A–Z, a–z, 0–9 and hyphen each, no two alike in a batch. Never stored. */
  readonly acquisitionNumbers: readonly string[];
  /** 住民票コード of the people; packed ones are wiped. */
  readonly residents: Residents;
}

/** A request checked: packed residents, and what is refused already. */
export interface CheckedRequest {
  readonly rows: number;
  readonly residents: Uint8Array;
  /** Why an item is refused, by index. Its row in `residents` is blank, so no vault takes it for a resident. */
  readonly refused: Map<number, RenkeiErrorCode>;
}

/** Checks a batch item by item. Only a batch that is malformed as a whole throws. */
export function checkRequest(request: IssuanceRequest): CheckedRequest {
  if (typeof request !== 'object' || request === null) {
    throw new RenkeiError('OPTION_INVALID', 'a request must be an object { acquisitionNumbers, residents }');
  }
  const { acquisitionNumbers, residents } = request;
  if (!Array.isArray(acquisitionNumbers)) {
    throw new RenkeiError('OPTION_INVALID', 'acquisitionNumbers must be an array of texts');
  }
  // Before texts are packed: what is thrown below would leave the packed copy behind.
  const rows = countResidents(residents);
  if (rows !== acquisitionNumbers.length) {
    throw new RenkeiError(
      'BUFFER_LENGTH',
      `${acquisitionNumbers.length} acquisition numbers for ${rows} residents`,
    );
  }
  checkBatchSize(rows, 'requests');
  const refused = new Map<number, RenkeiErrorCode>();
  const { residents: packed, refusals } = packedResidents(residents);
  for (const { index, code } of refusals) refused.set(index, code);
  const seen = new Set<unknown>();
  // Not forEach, which passes over the holes of an array.
  for (const [index, number] of acquisitionNumbers.entries()) {
    const repeated = seen.size === seen.add(number).size;
    const fault = acquisitionNumberFault(number) ?? (repeated ? 'ACQUISITION_NUMBER_REPEATED' : undefined);
    if (fault === undefined) continue;
    refused.set(index, fault);
    packed.fill(0, index * RESIDENT_RECORD_CODE_LENGTH, (index + 1) * RESIDENT_RECORD_CODE_LENGTH);
  }
  return { rows, residents: packed, refused };
}

/** Wipes the residents of a request, whatever else is wrong with it. */
export function wipeRequest(request: IssuanceRequest): void {
  wipeResidents(request?.residents);
}
