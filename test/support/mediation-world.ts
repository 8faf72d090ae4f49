import {
  createMemoryRecordStore,
  type MediationRequest,
  type Mediator,
  type MediatorOptions,
  openMediator,
  type PermissionDecision,
  type PermissionQuestion,
  type PermissionSource,
  type RecordStore,
  type RefusalReason,
} from 'renkei';
import { syntheticResidents } from './residents.js';
import { openSoftwareIssuer, type SoftwareIssuer } from './software-issuer.js';
import { acquisitionNumbers } from './synthetic-batches.js';

/** Noon in Japan on 2026-06-01, in the record period 2026. */
export const NOON = Date.UTC(2026, 5, 1, 3);

/** Seed of the people whom the institutions of the world hold codes of. */
const PEOPLE_SEED = 61;

/** A source of permissions that permits everything but what it is told not to. */
export class TestPermissions implements PermissionSource {
  /** Refused, by inquirer, affair, provider and information with slashes between them. */
  readonly refused = new Map<string, RefusalReason>();
  /** Every question it was asked. */
  readonly questions: PermissionQuestion[] = [];

  refuse(request: MediationRequest, reason: RefusalReason): void {
    this.refused.set(keyOf(request), reason);
  }

  decide(question: PermissionQuestion): PermissionDecision {
    this.questions.push(question);
    const reason = this.refused.get(keyOf(question));
    return reason === undefined ? { permitted: true } : { permitted: false, reason };
  }

  mayInquire(inquirer: string): boolean {
    return this.nameOf(inquirer) !== undefined;
  }

  nameOf(institution: string): string | undefined {
    return institution === 'unheard-of' ? undefined : `Institution ${institution}`;
  }
}

function keyOf({
  inquirer,
  affair,
  provider,
  information,
}: Omit<PermissionQuestion, 'at'> | MediationRequest) {
  return [inquirer, affair, provider, information].join('/');
}

export interface MediationWorld extends SoftwareIssuer {
  readonly mediator: Mediator;
  readonly records: RecordStore;
  readonly permissions: TestPermissions;
  /** Codes of the same people at the inquirer A1 and at the provider B2; B2 has those of the first half only. */
  readonly codes: { readonly a: readonly string[]; readonly b: readonly string[] };
  /** Issues codes of the first people to an institution; again those that it has. */
  readonly issueTo: (institution: string, people: number) => Promise<readonly string[]>;
  /** The clock: milliseconds since 1970-01-01 UTC. */
  readonly clock: { now: number };
}

/** A mediator over a software vault and memory stores, with the institutions A1, B2 and C3. C3 has no codes. */
export async function openMediationWorld({
  people = 10,
  ...options
}: Partial<MediatorOptions & SoftwareIssuer> & { readonly people?: number } = {}): Promise<MediationWorld> {
  const clock = { now: NOON };
  const now = () => clock.now;
  const { vault: givenVault, store: givenStore, issuer: _, ...others } = options;
  const software = await openSoftwareIssuer({
    now,
    ...(givenVault === undefined ? {} : { vault: givenVault }),
    ...(givenStore === undefined ? {} : { store: givenStore }),
  });
  const { issuer } = software;
  await issuer.registerInstitution('C3');
  await issuer.registerRecordPeriod('2026');
  const issueTo = async (institution: string, count: number) => {
    const residents = syntheticResidents(PEOPLE_SEED, 0, count);
    const request = { acquisitionNumbers: acquisitionNumbers(count), residents };
    const issued = await issuer.issueBatch(institution, request, { reissue: true });
    return [...issued].map((item) => ('code' in item ? (item.code as string) : ''));
  };
  const a = await issueTo('A1', people);
  const b = await issueTo('B2', people / 2);
  const records = options.records ?? createMemoryRecordStore();
  const permissions = new TestPermissions();
  const mediator = await openMediator({ issuer, permissions, now, ...others, records });
  return { ...software, mediator, records, permissions, codes: { a, b }, issueTo, clock };
}

/** A request of A1 to B2. */
export function requestOf(
  code: string,
  requestId = 'R-1',
  changes: Partial<MediationRequest> = {},
): MediationRequest {
  return {
    requestId,
    inquirer: 'A1',
    code,
    provider: 'B2',
    affair: 'child allowance',
    procedure: 'claim',
    information: 'local tax',
    items: ['income', 'deductions'],
    department: 'welfare',
    ...changes,
  };
}

/** The entries of a log that are not those of rows. */
export async function entriesOf(records: RecordStore): Promise<{ event: string; details: object }[]> {
  const texts = await records.logEntries({ from: 0, limit: 100_000 });
  return texts.map((text) => JSON.parse(text)).filter(({ event }) => event !== 'record');
}
