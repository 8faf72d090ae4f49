import type { Role } from './workload.js';

/** What happens to the store besides, while workers are killed. */
export type Trouble = 'none' | 'server killed' | 'server restarted' | 'disk full';

/** A part of the soak, on a store of its own. */
export interface Phase {
  readonly store: 'sqlite' | 'postgres';
  readonly name: string;
  /** What the workers do: each one of these. */
  readonly roles: readonly Role[];
  readonly trouble: Trouble;
  readonly vault: 'software' | 'softhsm';
  /** How many of the kills fall to this part, compared with the others. */
  readonly share: number;
}

const ISSUE: readonly Role[] = ['issue', 'single'];
const LIFE: readonly Role[] = ['change', 'remove', 'change', 'issue'];
const ALL: readonly Role[] = ['load', 'issue', 'single', 'change', 'remove'];

const CALM = { trouble: 'none', vault: 'software' } as const;

const ON_EVERY_STORE: readonly Omit<Phase, 'store'>[] = [
  { ...CALM, name: 'bulk load', roles: ['load'], share: 4 },
  { ...CALM, name: 'batches and singles', roles: ISSUE, share: 4 },
  { ...CALM, name: 'changes and deletions', roles: LIFE, share: 4 },
  { ...CALM, name: 'everything at once', roles: ALL, share: 5 },
];

/** All parts, in their order. */
export const PHASES: readonly Phase[] = [
  ...ON_EVERY_STORE.map((phase) => ({ ...phase, store: 'sqlite' }) as const),
  {
    store: 'sqlite',
    name: 'bulk engine on SoftHSM',
    roles: ISSUE,
    trouble: 'none',
    vault: 'softhsm',
    share: 1,
  },
  { store: 'sqlite', name: 'disk full', roles: ALL, trouble: 'disk full', vault: 'software', share: 2 },
  ...ON_EVERY_STORE.map((phase) => ({ ...phase, store: 'postgres' }) as const),
  {
    store: 'postgres',
    name: 'server killed',
    roles: ALL,
    trouble: 'server killed',
    vault: 'software',
    share: 3,
  },
  {
    store: 'postgres',
    name: 'connections cut, server restarted',
    roles: ALL,
    trouble: 'server restarted',
    vault: 'software',
    share: 2,
  },
  { store: 'postgres', name: 'disk full', roles: ALL, trouble: 'disk full', vault: 'software', share: 2 },
];
