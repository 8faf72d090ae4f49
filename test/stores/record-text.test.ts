import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { recordText } from '../../src/stores/access-record.js';
import type { RecordContent } from '../../src/stores/record-content.js';

const text = fc.string({ unit: 'grapheme' });
const content = fc.record(
  {
    outcome: fc.constantFrom('forwarded', 'provider-has-no-code', 'not-permitted'),
    inquirer: text,
    provider: text,
    inquirerName: text,
    department: text,
    providerName: text,
    affair: text,
    procedure: text,
    information: text,
    items: fc.array(text, { minLength: 1 }),
    requestedAt: fc.nat(),
    nonDisclosure: fc.boolean(),
    providedAt: fc.nat(),
    changeReason: text,
    refusal: text,
    validUntil: fc.nat(),
    visibleFrom: fc.nat(),
  },
  { requiredKeys: ['outcome', 'items'] },
);
const origin = fc.record({ requestId: fc.string(), generation: fc.integer({ min: 1, max: 255 }) });

test('the text of a row is canonical JSON, whatever it holds and in whatever order it is given', () => {
  const row = { serial: 7, branch: 2, period: '2026' };
  fc.assert(
    fc.property(content, fc.nat(), fc.option(origin, { nil: undefined }), (given, at, made) => {
      const shuffled = Object.fromEntries(Object.entries(given).reverse()) as unknown as RecordContent;
      expect(recordText(row, at, shuffled, made)).toBe(
        canonicalJson({ ...row, at, content: given, origin: made }),
      );
    }),
  );
});
