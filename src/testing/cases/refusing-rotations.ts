import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { type IssuanceStore, MAX_BATCH_ROWS } from '../../stores/port.js';
import type { NewRotation, PartClaim, RotationMove } from '../../stores/rotation-port.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { type CaseBody, casesOf } from '../contract-case.js';
import {
  begun,
  claimOf,
  GENERATION_ROTATION,
  moveOf,
  rotationOf,
  STORE_ROTATION,
  successorsOf,
} from '../rotation-samples.js';
import { A, B, batchOf, changeOf, storeCodes } from '../samples.js';

type Call = (store: IssuanceStore) => Promise<unknown>;

const rotations: readonly (readonly [RenkeiErrorCode, Partial<NewRotation>])[] = [
  ['OPTION_INVALID', { kind: 'other' as never }],
  ['OPTION_INVALID', { subject: '' }],
  ['OPTION_INVALID', { subject: 'a b' }],
  ['OPTION_INVALID', { notes: 'nobody' as never }],
  ['INSTITUTION_CODE_INVALID', { notes: ['A-1' as never] }],
  ['OPTION_INVALID', { successor: { generation: 1, storeKeyVersion: 2 } }],
  ['OPTION_INVALID', { parts: -1 }],
  ['OPTION_INVALID', { parts: 100_001 }],
  ['OPTION_INVALID', { plan: 'x'.repeat(2 ** 20 + 1) }],
  ['OPTION_INVALID', { plan: 'a\0b' }],
  ['OPTION_INVALID', { plan: '\ud800' }],
  ['OPTION_INVALID', { createdAt: 0.5 }],
];
const { successor: _, ...withoutSuccessor } = STORE_ROTATION;
const [key] = [{ name: 'institution/A1/1' as never, from: 'active', to: 'accepting' }] as const;
const moves: readonly RotationMove[] = [
  moveOf(0, 'running', 'paused'),
  moveOf(1, 'running', 'switched'),
  moveOf(1, 'switched', 'aborting'),
  moveOf(1, 'running', 'other' as never),
  moveOf(1, 'running', 'paused', { keys: [{ ...key, to: 'retired' }] }),
  moveOf(1, 'running', 'paused', { keys: [key, key] }),
  moveOf(1, 'running', 'running', { keys: [key] }),
  moveOf(1, 'running', 'paused', { notebook: 'a\0b' }),
  moveOf(1, 'running', 'paused', { at: Number.NaN }),
];
const claims: readonly Partial<PartClaim>[] = [
  { id: 0 },
  { worker: '' },
  { worker: 'a b' },
  { now: 0.5 },
  { leaseMs: 0 },
  { leaseMs: 86_400_001 },
];
const wrongCodes = [new Uint8Array(CODE_LENGTH + 1), 'no bytes' as never];

/** What is refused, how, and the calls. */
const refusals: Readonly<Record<string, readonly (readonly [RenkeiErrorCode, Call])[]>> = {
  'a rotation that is none': [
    ...rotations.map(
      ([code, wrong]) =>
        [code, (store: IssuanceStore) => store.beginRotation({ ...rotationOf(B), ...wrong })] as const,
    ),
    ['OPTION_INVALID', (store) => store.beginRotation(withoutSuccessor)],
    ['OPTION_INVALID', (store) => store.beginRotation({ ...GENERATION_ROTATION, subject: 'B2' })],
  ],
  'a move that no rotation or key makes': moves.map(
    (move) => ['OPTION_INVALID', (store: IssuanceStore) => store.moveRotation(move)] as const,
  ),
  'a claim or a report that is none': [
    ...claims.map(
      (wrong) => ['OPTION_INVALID', (store: IssuanceStore) => store.claimPart(claimOf(1, wrong))] as const,
    ),
    ['OPTION_INVALID', (store) => store.finishPart(1, -1, '')],
    ['OPTION_INVALID', (store) => store.finishPart(1, 0, 'x'.repeat(2 ** 16 + 1))],
    ['OPTION_INVALID', (store) => store.parts(0)],
  ],
  'a limit, notes or a moment that are none': [
    ...[0, 1.5, MAX_BATCH_ROWS + 1].flatMap((limit) => [
      ['OPTION_INVALID', (store: IssuanceStore) => store.noted(limit)] as const,
      ['OPTION_INVALID', (store: IssuanceStore) => store.moveRows(limit)] as const,
      ['OPTION_INVALID', (store: IssuanceStore) => store.discardSuccessors(limit)] as const,
      ['OPTION_INVALID', (store: IssuanceStore) => store.withoutSuccessor({ limit })] as const,
    ]),
    ['OPTION_INVALID', (store) => store.settle([0])],
    ['BATCH_TOO_LARGE', (store) => store.settle(Array<number>(MAX_BATCH_ROWS + 1).fill(1))],
    ['OPTION_INVALID', (store) => store.hold(-1)],
  ],
  'successors that do not fit': [
    ...wrongCodes.flatMap((codes) => [
      ['BUFFER_LENGTH', (store: IssuanceStore) => store.successors(codes)] as const,
      [
        'BUFFER_LENGTH',
        (store: IssuanceStore) => store.succeed({ oldCodes: codes, newCodes: codes }),
      ] as const,
    ]),
    ['BUFFER_LENGTH', (store) => store.succeed({ oldCodes: storeCodes(1), newCodes: storeCodes(1, 2) })],
    ['BUFFER_LENGTH', (store) => store.issue(batchOf(A, storeCodes(2), { successors: successorsOf() }))],
    ['BUFFER_LENGTH', (store) => store.change(changeOf([[1, 2]], { successors: successorsOf(1, 2) }))],
    [
      'VERSION_INVALID',
      (store) =>
        store.issue(batchOf(A, storeCodes(2), { successors: { ...successorsOf(102), storeKeyVersion: 0 } })),
    ],
  ],
};

export const refusingRotationsCases = casesOf(
  'refusing rotations',
  Object.fromEntries(
    Object.entries(refusals).map(([what, calls]): [string, CaseBody] => [
      `refuses ${what}, and changes nothing`,
      async (store) => {
        await store.issue(batchOf(A, storeCodes(1)));
        await begun(store, rotationOf(A, { parts: 1 }));
        await assertUnchanged(store, async () => {
          for (const [code, call] of calls) await refused(call(store), code);
        });
      },
    ]),
  ),
);
