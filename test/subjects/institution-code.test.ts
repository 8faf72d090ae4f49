import { describe, expect, it } from 'vitest';
import { parseInstitutionCode } from '../../src/subjects/institution-code.js';
import { withCode } from '../support/with-code.js';

describe('parseInstitutionCode', () => {
  it.each(['0220113112101700', 'A', 'z', '0', 'aZ09'.repeat(8)])('takes %s', (text) => {
    expect(parseInstitutionCode(text)).toBe(text);
  });

  it.each([
    ['', 'nothing'],
    ['a'.repeat(33), '33 characters'],
    ['A B', 'a space'],
    ['A/1', 'a slash, which would end it in a key name'],
    ['A-1', 'a hyphen'],
    ['A\n', 'a line end'],
    ['ＡＡＡ', 'full-width letters'],
    ['０２２０', 'full-width digits'],
    ['\ud83d', 'a lone surrogate'],
    [undefined, 'no text'],
    [220, 'a number'],
    [['A'], 'an array that turns into a legal text'],
  ])('refuses %j: %s', (text, _) => {
    expect(() => parseInstitutionCode(text as string)).toThrow(withCode('INSTITUTION_CODE_INVALID'));
  });
});
