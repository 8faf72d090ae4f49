import { describe, expect, it } from 'vitest';
import { acquisitionNumberFault } from '../../src/subjects/acquisition-number.js';

describe('acquisitionNumberFault', () => {
  it.each(['1', 'A', 'req-2026-000001', '-', '1234567890', '1234567890123', '1234-5678901', 'a'.repeat(64)])(
    'finds nothing wrong with %s',
    (text) => {
      expect(acquisitionNumberFault(text)).toBeUndefined();
    },
  );

  it.each([
    ['', 'nothing'],
    ['a'.repeat(65), '65 characters'],
    ['a b', 'a space'],
    ['a_b', 'an underscore'],
    ['1\n', 'a line end'],
    ['１２３', 'full-width digits'],
    ['２４７２７０５９６０８', 'eleven full-width digits'],
    ['\udc00', 'a lone surrogate'],
    [undefined, 'no text'],
    [1, 'a number'],
    [['1'], 'an array that turns into a legal text'],
  ])('%j is no acquisition number: %s', (text, _) => {
    expect(acquisitionNumberFault(text)).toBe('ACQUISITION_NUMBER_INVALID');
  });

  it.each(['24727059608', '00000000000', '379474484458'])(
    '番号法21条の2第2項: %s could be a resident record code or an Individual Number, and is forbidden',
    (text) => {
      expect(acquisitionNumberFault(text)).toBe('ACQUISITION_NUMBER_FORBIDDEN');
    },
  );
});
