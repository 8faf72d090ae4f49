import type { RenkeiErrorCode } from '../errors/codes.js';

/**
 * Says what is wrong with an acquisition number (取得番号), or `undefined` for a legal one: 1 to 64 of A–Z, a–z, 0–9
 * and hyphen. It must be neither an Individual Number nor a resident record code (番号法21条の2第2項), so 11 or 12
 * digits and nothing else are refused as `ACQUISITION_NUMBER_FORBIDDEN`. Its official form is not published.
 */
export function acquisitionNumberFault(text: unknown): RenkeiErrorCode | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(text)) return 'ACQUISITION_NUMBER_INVALID';
  const forbiddenLength = text.length === 11 || text.length === 12;
  return forbiddenLength && /^[0-9]*$/.test(text) ? 'ACQUISITION_NUMBER_FORBIDDEN' : undefined;
}
