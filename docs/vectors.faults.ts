import type { Fault, InvalidVectors, KeyNameParts } from './vectors.format.js';

/** Malformed inputs that need no key. Each has one fault. */

const residentRecordCodes: Fault<string>[] = [
  { comment: 'empty', input: '', error: 'RESIDENT_RECORD_CODE_LENGTH' },
  { comment: 'ten digits: no check digit', input: '1234567890', error: 'RESIDENT_RECORD_CODE_LENGTH' },
  { comment: 'leading zero lost', input: '1234567892', error: 'RESIDENT_RECORD_CODE_LENGTH' },
  {
    comment: 'thirteen digits: a Corporate Number',
    input: '8700110005901',
    error: 'RESIDENT_RECORD_CODE_LENGTH',
  },
  { comment: 'twelve characters, one a letter', input: '12345678901a', error: 'RESIDENT_RECORD_CODE_LENGTH' },
  { comment: 'trailing line feed', input: '12345678903\n', error: 'RESIDENT_RECORD_CODE_LENGTH' },
  {
    comment: 'twelve digits: an Individual Number',
    input: '123456789018',
    error: 'INDIVIDUAL_NUMBER_REFUSED',
  },
  {
    comment: 'twelve digits: an Individual Number with a leading zero',
    input: '000111111111',
    error: 'INDIVIDUAL_NUMBER_REFUSED',
  },
  {
    comment: 'twelve digits, check digit of an Individual Number wrong',
    input: '123456789010',
    error: 'INDIVIDUAL_NUMBER_REFUSED',
  },
  { comment: 'letter O for zero', input: 'O1234567892', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  { comment: 'leading space', input: ' 1234567890', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  { comment: 'sign', input: '-1234567890', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  { comment: 'full-width digits', input: '１２３４５６７８９０３', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  {
    comment: 'U+0133, whose low byte is the digit 3',
    input: '1234567890\u0133',
    error: 'RESIDENT_RECORD_CODE_CHARACTER',
  },
  { comment: 'character before 0', input: '1234567890/', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  { comment: 'character after 9', input: '1234567890:', error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  { comment: 'check digit one too high', input: '12345678904', error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' },
  {
    comment: 'check digit of r = 1 is 0, not 10 mod 10',
    input: '00000000061',
    error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT',
  },
  {
    comment: 'check digit of r = 0 is 0, not 1',
    input: '00000000001',
    error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT',
  },
  { comment: 'first two digits exchanged', input: '21345678903', error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' },
];

const packedResidents: Fault<string>[] = [
  { comment: 'blank row', input: '00'.repeat(11), error: 'RESIDENT_RECORD_CODE_CHARACTER' },
  {
    comment: 'digits as numbers, not as ASCII',
    input: '0102030405060708090003',
    error: 'RESIDENT_RECORD_CODE_CHARACTER',
  },
  {
    comment: 'high bit set on one digit',
    input: '31323334353637383930b3',
    error: 'RESIDENT_RECORD_CODE_CHARACTER',
  },
  {
    comment: 'wrong check digit',
    input: '3132333435363738393034',
    error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT',
  },
  { comment: 'ten bytes', input: '31323334353637383930', error: 'BUFFER_LENGTH' },
  { comment: 'twelve bytes', input: '313233343536373839303138', error: 'BUFFER_LENGTH' },
];

const invalidInstitution = (comment: string, input: string): Fault<string> => ({
  comment,
  input,
  error: 'INSTITUTION_CODE_INVALID',
});

const institutionCodes = [
  invalidInstitution('empty', ''),
  invalidInstitution('33 characters', 'A'.repeat(33)),
  invalidInstitution('hyphen', '0220-113112101700'),
  invalidInstitution('slash', '0220/1'),
  invalidInstitution('underscore', 'A_1'),
  invalidInstitution('trailing space', '0220113112101700 '),
  invalidInstitution('trailing line feed', '0220113112101700\n'),
  invalidInstitution('full-width digit', '０220113112101700'),
];

const acquisitionNumbers: Fault<string>[] = [
  { comment: 'empty', input: '', error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: '65 characters', input: 'a'.repeat(65), error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: 'space', input: 'A 1', error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: 'underscore', input: 'A_1', error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: 'full-width digit', input: 'A１', error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: 'trailing line feed', input: 'A1\n', error: 'ACQUISITION_NUMBER_INVALID' },
  { comment: 'a resident record code', input: '12345678903', error: 'ACQUISITION_NUMBER_FORBIDDEN' },
  {
    comment: 'eleven digits, check digit wrong',
    input: '12345678904',
    error: 'ACQUISITION_NUMBER_FORBIDDEN',
  },
  { comment: 'an Individual Number', input: '123456789018', error: 'ACQUISITION_NUMBER_FORBIDDEN' },
];

const invalidName = (comment: string, input: string): Fault<string> => ({
  comment,
  input,
  error: 'KEY_NAME_INVALID',
});

const keyNames = [
  invalidName('empty', ''),
  invalidName('kind alone', 'link'),
  invalidName('kind in upper case', 'LINK/1'),
  invalidName('unknown kind', 'person/1'),
  invalidName('empty version', 'store/'),
  invalidName('version 0', 'store/0'),
  invalidName('version 256', 'store/256'),
  invalidName('leading zero', 'store/01'),
  invalidName('sign', 'store/+1'),
  invalidName('fraction', 'store/1.0'),
  invalidName('exponent', 'store/1e1'),
  invalidName('hexadecimal', 'store/0x1'),
  invalidName('leading space', ' store/1'),
  invalidName('trailing line feed', 'store/1\n'),
  invalidName('one part too many', 'store/1/1'),
  invalidName('generation 0', 'link/0'),
  invalidName('generation 256', 'link/256'),
  invalidName('institution without a version', 'institution/0220113112101700'),
  invalidName('institution without a code', 'institution//1'),
  invalidName('institution code of 33 characters', `institution/${'A'.repeat(33)}/1`),
  invalidName('institution code with a hyphen', 'institution/0220-1131/1'),
  invalidName('institution with version 0', 'institution/A/0'),
  invalidName('institution with one part too many', 'institution/A/1/1'),
  invalidName('record without a period', 'record/'),
  invalidName('record period of 17 characters', `record/${'2'.repeat(17)}`),
  invalidName('record period with an underscore', 'record/2026_1'),
  invalidName('record with one part too many', 'record/2026/1'),
];

const audiences = [
  invalidName('a link key derives; no codes are made under it', 'link/1'),
  invalidName('not a key name', 'institution'),
];

const keyNameParts: Fault<KeyNameParts>[] = [
  { comment: 'version 0', input: { kind: 'store', version: 0 }, error: 'VERSION_INVALID' },
  { comment: 'version 256', input: { kind: 'store', version: 256 }, error: 'VERSION_INVALID' },
  { comment: 'version 1.5', input: { kind: 'store', version: 1.5 }, error: 'VERSION_INVALID' },
  {
    comment: 'version −1',
    input: { kind: 'institution', institution: 'A', version: -1 },
    error: 'VERSION_INVALID',
  },
  {
    comment: 'institution code empty',
    input: { kind: 'institution', institution: '', version: 1 },
    error: 'INSTITUTION_CODE_INVALID',
  },
  { comment: 'generation 0', input: { kind: 'link', generation: 0 }, error: 'GENERATION_INVALID' },
  { comment: 'generation 256', input: { kind: 'link', generation: 256 }, error: 'GENERATION_INVALID' },
  { comment: 'period empty', input: { kind: 'record', period: '' }, error: 'RECORD_PERIOD_INVALID' },
  {
    comment: 'period with a slash',
    input: { kind: 'record', period: '2026/1' },
    error: 'RECORD_PERIOD_INVALID',
  },
  {
    comment: 'period of 17 characters',
    input: { kind: 'record', period: '2'.repeat(17) },
    error: 'RECORD_PERIOD_INVALID',
  },
];

const keys: InvalidVectors['keys'] = [
  { comment: 'no bytes', input: { name: 'store/1', key: '' }, error: 'KEY_LENGTH' },
  { comment: 'an AES-128 key', input: { name: 'store/1', key: '00'.repeat(16) }, error: 'KEY_LENGTH' },
  { comment: '31 bytes', input: { name: 'link/1', key: '00'.repeat(31) }, error: 'KEY_LENGTH' },
  { comment: '33 bytes', input: { name: 'record/2026', key: '00'.repeat(33) }, error: 'KEY_LENGTH' },
  {
    comment: 'name of no key',
    input: { name: 'store/256', key: '00'.repeat(32) },
    error: 'KEY_NAME_INVALID',
  },
];

/** Ways to spoil a genuine external form of version 1. */
export function externalFormFaults(genuine: string): Fault<string>[] {
  const last = genuine.slice(0, -1);
  // The version byte 1 is the first character and three bits of the second: the lowest of the three counts 4.
  const second = String.fromCharCode(genuine.charCodeAt(1) - 4);
  const replaced = (character: string) => `${last}${character}`;
  return [
    { comment: 'empty', input: '', error: 'CODE_LENGTH' },
    { comment: '39 characters', input: last, error: 'CODE_LENGTH' },
    { comment: '41 characters', input: `${genuine}a`, error: 'CODE_LENGTH' },
    { comment: 'padded with =', input: `${genuine}========`, error: 'CODE_LENGTH' },
    { comment: 'trailing line feed', input: `${genuine}\n`, error: 'CODE_LENGTH' },
    { comment: 'leading space', input: ` ${genuine}`, error: 'CODE_LENGTH' },
    { comment: 'upper case', input: genuine.toUpperCase(), error: 'CODE_CHARACTER' },
    { comment: 'one letter in upper case', input: replaced('A'), error: 'CODE_CHARACTER' },
    ...['0', '1', '8', '9', '=', '-', ' ', '\n', '\u0000', 'ａ', '\u0161'].map((character): Fault<string> => {
      const point = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      return { comment: `last character is U+${point}`, input: replaced(character), error: 'CODE_CHARACTER' };
    }),
    { comment: 'version 0', input: `a${second}${genuine.slice(2)}`, error: 'CODE_VERSION_INVALID' },
  ];
}

/** The groups above, by their names in the file. */
export const KEYLESS_FAULTS = {
  residentRecordCodes,
  packedResidents,
  institutionCodes,
  acquisitionNumbers,
  keyNames,
  audiences,
  keyNameParts,
  keys,
};
