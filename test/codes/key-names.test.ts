import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  institutionAudience,
  linkKey,
  parseAudience,
  parseKeyName,
  recordAudience,
  storeAudience,
} from '../../src/codes/key-names.js';
import { withCode } from '../support/with-code.js';

const RUNS = { seed: 2025, numRuns: 2_000 };

describe('names of keys', () => {
  it('are made of their parts and taken apart again', () => {
    expect(parseKeyName(linkKey(255))).toEqual({ kind: 'link', name: 'link/255', generation: 255 });
    expect(parseKeyName(storeAudience(1))).toEqual({ kind: 'store', name: 'store/1', version: 1 });
    expect(parseKeyName(institutionAudience('0220113112101700', 7))).toEqual({
      kind: 'institution',
      name: 'institution/0220113112101700/7',
      institution: '0220113112101700',
      version: 7,
    });
    expect(parseKeyName(recordAudience('2026-H1'))).toEqual({
      kind: 'record',
      name: 'record/2026-H1',
      period: '2026-H1',
    });
  });

  it.each([0, 256, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', undefined])(
    'neither a version nor a generation is %s',
    (value) => {
      const number = value as number;
      expect(() => storeAudience(number)).toThrow(withCode('VERSION_INVALID'));
      expect(() => institutionAudience('A', number)).toThrow(withCode('VERSION_INVALID'));
      expect(() => linkKey(number)).toThrow(withCode('GENERATION_INVALID'));
    },
  );

  it.each(['', '2026/27', '20 26', 'a'.repeat(17), '２０２６', '2026\n', undefined, 2026])(
    'a record period is not %j',
    (period) => {
      expect(() => recordAudience(period as string)).toThrow(withCode('RECORD_PERIOD_INVALID'));
    },
  );

  it('the name of an institution with an illegal code is refused for the code', () => {
    expect(() => institutionAudience('A/1', 1)).toThrow(withCode('INSTITUTION_CODE_INVALID'));
  });
});

describe('parseKeyName', () => {
  it.each([
    '',
    'store',
    'store/',
    'store/0',
    'store/256',
    'store/01',
    'store/1.0',
    'store/1e0',
    'store/0x1',
    'store/+1',
    'store/ 1',
    'store/1 ',
    'store/1\n',
    'store/１',
    'store/1/1',
    'store/1/',
    'Store/1',
    ' store/1',
    'link/0',
    'link/001',
    'link/1/2',
    'institution/A',
    'institution/A/',
    'institution//1',
    'institution/A/0',
    'institution/A/01',
    'institution/A/1/',
    'institution/A-B/1',
    'record/',
    'record/2026/1',
    'record/2026 ',
    'audit/01',
    'constructor/1',
    undefined,
    7,
    ['store', '1'],
  ])('refuses %j: only canonical names name a key', (text) => {
    expect(() => parseKeyName(text as string)).toThrow(withCode('KEY_NAME_INVALID'));
  });

  const part = fc.oneof(
    fc.constantFrom('link', 'store', 'institution', 'record', '1', '255', '256', '01', '', '2026', 'A'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  test.prop([fc.array(part, { maxLength: 5 })], RUNS)(
    'what parses is its own name, whatever is tried',
    (parts) => {
      const text = parts.join('/');
      try {
        expect(parseKeyName(text).name).toBe(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'KEY_NAME_INVALID' });
      }
    },
  );

  test.prop(
    [
      fc.integer({ min: 1, max: 255 }),
      fc.stringMatching(/^[A-Za-z0-9]{1,32}$/),
      fc.stringMatching(/^[A-Za-z0-9-]{1,16}$/),
    ],
    RUNS,
  )(
    'every name that can be made parses to its parts, and no two have one name',
    (number, institution, period) => {
      const names = [
        linkKey(number),
        storeAudience(number),
        institutionAudience(institution, number),
        recordAudience(period),
      ];
      expect(names.map((name) => parseKeyName(name))).toMatchObject([
        { kind: 'link', generation: number },
        { kind: 'store', version: number },
        { kind: 'institution', institution, version: number },
        { kind: 'record', period },
      ]);
      expect(new Set(names).size).toBe(4);
    },
  );
});

describe('parseAudience', () => {
  it('takes the three kinds of audience', () => {
    for (const name of ['store/1', 'institution/A/1', 'record/2026'])
      expect(parseAudience(name).name).toBe(name);
  });

  it.each([
    ['link/1', /"link"/],
    ['audit/1', /"audit"/],
  ])('refuses %s: no code is made under it', (name, message) => {
    expect(() => parseAudience(name)).toThrow(withCode('KEY_NAME_INVALID', { message }));
  });
});
