import { storeAudience } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { type IssuanceStore, MAX_BATCH_ROWS } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { type CaseBody, casesOf } from '../contract-case.js';
import { A, batchOf, changeOf, keyRecord, storeCodes, UNKNOWN } from '../samples.js';

type Call = (store: IssuanceStore) => Promise<unknown>;
/** What is wrong, how it is refused, and the calls in which it is. */
type Refusal = readonly [what: string, code: RenkeiErrorCode, ...calls: Call[]];

/** Every refused call leaves everything as it was. */
function refusing(refusals: readonly Refusal[]): Record<string, CaseBody> {
  return Object.fromEntries(
    refusals.map(([what, code, ...calls]): [string, CaseBody] => [
      `refuses ${what} with ${code}, and changes nothing`,
      async (store) => {
        await store.issue(batchOf(A, storeCodes(1)));
        await assertUnchanged(store, async () => {
          for (const call of calls) await refused(call(store), code);
        });
      },
    ]),
  );
}

const withCodes = (codes: Uint8Array): Call[] => [
  (store) => store.issue(batchOf(A, codes)),
  (store) => store.lookUp(A, codes),
  (store) => store.details(A, codes),
  (store) => store.holders(codes),
  (store) => store.change(changeOf([], { oldCodes: codes })),
  (store) => store.change(changeOf([], { newCodes: codes })),
  (store) => store.remove(codes),
];

const withInstitution = (institution: InstitutionCode): Call[] => [
  (store) => store.issue(batchOf(institution, storeCodes(2))),
  (store) => store.lookUp(institution, storeCodes(1)),
  (store) => store.details(institution, storeCodes(1)),
  (store) => store.issuances(institution, { limit: 1 }),
];

const batches = [
  ['VERSION_INVALID', { keyVersion: 0 }],
  ['VERSION_INVALID', { keyVersion: 256 }],
  ['VERSION_INVALID', { keyVersion: 1.5 }],
  ['GENERATION_INVALID', { generation: 0 }],
  ['GENERATION_INVALID', { generation: 256 }],
  ['OPTION_INVALID', { issuedAt: 1.5 }],
  ['OPTION_INVALID', { issuedAt: new Date(1_000) as never }],
  ['INSTITUTION_CODE_INVALID', { institution: 'A-1' as never }],
] as const;

const changes = [
  ['GENERATION_INVALID', { generation: 0 }],
  ['GENERATION_INVALID', { generation: 256 }],
  ['OPTION_INVALID', { changedAt: 1.5 }],
  ['OPTION_INVALID', { changedAt: new Date(1_000) as never }],
] as const;

const keys = [
  ['KEY_NAME_INVALID', { name: 'store/01' as never }],
  ['OPTION_INVALID', { fingerprint: 'f1' }],
  ['OPTION_INVALID', { fingerprint: 'F100000000000000' }],
  ['OPTION_INVALID', { registeredAt: Number.NaN }],
] as const;

const pages = [
  { limit: 0 },
  { limit: MAX_BATCH_ROWS + 1 },
  { limit: 1.5 },
  {},
  { limit: 1, after: 'text' },
  { limit: 1, after: new Uint8Array(CODE_LENGTH - 1) },
] as never[];

export const refusingCases = casesOf('refusing', {
  ...refusing([
    ['a byte too many', 'BUFFER_LENGTH', ...withCodes(new Uint8Array(CODE_LENGTH + 1))],
    ['a byte too few', 'BUFFER_LENGTH', ...withCodes(new Uint8Array(CODE_LENGTH - 1))],
    ['what are no bytes', 'BUFFER_LENGTH', ...withCodes('no bytes' as never)],
    ['a row too many', 'BATCH_TOO_LARGE', ...withCodes(new Uint8Array((MAX_BATCH_ROWS + 1) * CODE_LENGTH))],
    ['an institution that is not registered', 'INSTITUTION_UNKNOWN', ...withInstitution(UNKNOWN)],
    [
      'unlike numbers of old and new codes',
      'BUFFER_LENGTH',
      (store) => store.change(changeOf([], { oldCodes: storeCodes(1, 2), newCodes: storeCodes(3) })),
      (store) => store.change(changeOf([], { oldCodes: storeCodes(1) })),
    ],
    ...batches.map(([code, wrong]): Refusal => {
      const batch = batchOf(A, storeCodes(2), wrong);
      return [`a batch with ${JSON.stringify(wrong)}`, code, (store) => store.issue(batch)];
    }),
    ...changes.map(([code, wrong]): Refusal => {
      const batch = changeOf([[1, 2]], wrong);
      return [`changes with ${JSON.stringify(wrong)}`, code, (store) => store.change(batch)];
    }),
    ...keys.map(([code, wrong]): Refusal => {
      const record = { ...keyRecord(storeAudience(1), 'f1'), ...wrong };
      return [`a key with ${JSON.stringify(wrong)}`, code, (store) => store.registerKey(record)];
    }),
    [
      'a page without end, without a limit, or after what is no code',
      'OPTION_INVALID',
      ...pages.flatMap((page): Call[] => [
        (store) => store.persons(page),
        (store) => store.issuances(A, page),
      ]),
    ],
  ]),

  'names the institution that is unknown': async (store) => {
    for (const call of withInstitution(UNKNOWN)) await refused(call(store), 'INSTITUTION_UNKNOWN', /Unknown/);
  },
});
