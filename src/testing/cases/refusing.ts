import assert from 'node:assert/strict';
import { storeAudience } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { type IssuanceStore, MAX_BATCH_ROWS } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { type CaseBody, casesOf } from '../contract-case.js';
import { A, batchOf, changeOf, keyRecord, storeCodes, UNKNOWN } from '../samples.js';
import { everyCall } from './every-call.js';

type Refusal = readonly [
  what: string,
  code: RenkeiErrorCode,
  call: (store: IssuanceStore) => Promise<unknown>,
];

/** Every refused call leaves everything as it was. */
function refusing(refusals: readonly Refusal[]): Record<string, CaseBody> {
  return Object.fromEntries(
    refusals.map(([what, code, call]): [string, CaseBody] => [
      `refuses ${what} with ${code}, and changes nothing`,
      async (store) => {
        await store.issue(batchOf(A, storeCodes(1)));
        await assertUnchanged(store, () => refused(call(store), code));
      },
    ]),
  );
}

const ofCodes = (codes: Uint8Array): Record<string, (store: IssuanceStore) => Promise<unknown>> => ({
  issue: (store) => store.issue(batchOf(A, codes)),
  lookUp: (store) => store.lookUp(A, codes),
  details: (store) => store.details(A, codes),
  holders: (store) => store.holders(codes),
  'old codes of change': (store) => store.change(changeOf([], { oldCodes: codes })),
  'new codes of change': (store) => store.change(changeOf([], { newCodes: codes })),
  remove: (store) => store.remove(codes),
});

const ofInstitution = (
  institution: InstitutionCode,
): Record<string, (store: IssuanceStore) => Promise<unknown>> => ({
  issue: (store) => store.issue(batchOf(institution, storeCodes(2))),
  lookUp: (store) => store.lookUp(institution, storeCodes(1)),
  details: (store) => store.details(institution, storeCodes(1)),
  issuances: (store) => store.issuances(institution, { limit: 1 }),
});

const refusals: Refusal[] = [];
for (const [what, code, codes] of [
  ['a byte too many', 'BUFFER_LENGTH', new Uint8Array(CODE_LENGTH + 1)],
  ['a byte too few', 'BUFFER_LENGTH', new Uint8Array(CODE_LENGTH - 1)],
  ['what are no bytes', 'BUFFER_LENGTH', 'no bytes' as never],
  ['a row too many', 'BATCH_TOO_LARGE', new Uint8Array((MAX_BATCH_ROWS + 1) * CODE_LENGTH)],
] as const) {
  for (const [method, call] of Object.entries(ofCodes(codes)))
    refusals.push([`${what} (${method})`, code, call]);
}
for (const [method, call] of Object.entries(ofInstitution(UNKNOWN))) {
  refusals.push([`an institution that is not registered (${method})`, 'INSTITUTION_UNKNOWN', call]);
}
refusals.push([
  'unlike numbers of old and new codes',
  'BUFFER_LENGTH',
  (store) => store.change(changeOf([], { oldCodes: storeCodes(1, 2), newCodes: storeCodes(3) })),
]);

for (const [code, changes] of [
  ['VERSION_INVALID', { keyVersion: 0 }],
  ['VERSION_INVALID', { keyVersion: 256 }],
  ['VERSION_INVALID', { keyVersion: 1.5 }],
  ['GENERATION_INVALID', { generation: 0 }],
  ['GENERATION_INVALID', { generation: 256 }],
  ['OPTION_INVALID', { issuedAt: 1.5 }],
  ['OPTION_INVALID', { issuedAt: new Date(1_000) as never }],
  ['INSTITUTION_CODE_INVALID', { institution: 'A-1' as never }],
] as const) {
  const what = `a batch with ${JSON.stringify(changes)}`;
  refusals.push([what, code, (store) => store.issue(batchOf(A, storeCodes(2), changes))]);
}
for (const [code, changes] of [
  ['GENERATION_INVALID', { generation: 0 }],
  ['GENERATION_INVALID', { generation: 256 }],
  ['OPTION_INVALID', { changedAt: 1.5 }],
  ['OPTION_INVALID', { changedAt: new Date(1_000) as never }],
] as const) {
  refusals.push([
    `changes with ${JSON.stringify(changes)}`,
    code,
    (store) => store.change(changeOf([[1, 2]], changes)),
  ]);
}
for (const [code, changes] of [
  ['KEY_NAME_INVALID', { name: 'store/01' as never }],
  ['OPTION_INVALID', { fingerprint: 'f1' }],
  ['OPTION_INVALID', { fingerprint: 'F100000000000000' }],
  ['OPTION_INVALID', { registeredAt: Number.NaN }],
] as const) {
  const record = { ...keyRecord(storeAudience(1), 'f1'), ...changes };
  refusals.push([`a key with ${JSON.stringify(changes)}`, code, (store) => store.registerKey(record)]);
}
for (const page of [
  { limit: 0 },
  { limit: MAX_BATCH_ROWS + 1 },
  { limit: 1.5 },
  {},
  { limit: 1, after: 'text' },
  { limit: 1, after: [] },
] as never[]) {
  const what = `a page of ${JSON.stringify(page)}`;
  refusals.push(
    [`${what} (persons)`, 'OPTION_INVALID', (store) => store.persons(page)],
    [`${what} (issuances)`, 'OPTION_INVALID', (store) => store.issuances(A, page)],
  );
}
refusals.push([
  'a page after 23 bytes',
  'OPTION_INVALID',
  (store) => store.persons({ limit: 1, after: new Uint8Array(CODE_LENGTH - 1) }),
]);

export const refusingCases = casesOf('refusing', {
  ...refusing(refusals),

  'names the institution that is unknown': async (store) => {
    for (const call of Object.values(ofInstitution(UNKNOWN))) {
      await refused(call(store), 'INSTITUTION_UNKNOWN', /Unknown/);
    }
  },

  'refuses an option that does not exist by its name, whatever the method': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      for (const call of Object.values(everyCall(store, { timeoutMs: 5 } as never))) {
        await refused(call(), 'OPTION_UNKNOWN', /timeoutMs/);
      }
    });
  },

  'refuses a signal that is none, whatever the method': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      for (const call of Object.values(everyCall(store, { signal: true } as never))) {
        await refused(call(), 'OPTION_INVALID', /signal/);
      }
    });
  },

  'never throws synchronously, whatever it is given': async (store) => {
    const nonsense = [undefined, null, 7, 'text', {}, []] as never[];
    for (const given of nonsense) {
      const calls = [
        () => store.begin(given),
        () => store.registerKey(given),
        () => store.listKeys(given),
        () => store.issue(given, given),
        () => store.lookUp(given, given, given),
        () => store.details(given, given, given),
        () => store.holders(given, given),
        () => store.change(given, given),
        () => store.remove(given, given),
        () => store.persons(given),
        () => store.issuances(given, given),
        () => store.statistics(given),
        () => store.check(given),
        () => store.count(given),
      ];
      for (const call of calls) {
        let answer: unknown;
        assert.doesNotThrow(() => {
          answer = call();
        });
        assert.ok(answer instanceof Promise);
        await answer.catch(() => undefined);
      }
    }
    assert.deepEqual((await store.count()).persons, 0);
  },
});
