import { readFileSync } from 'node:fs';
import {
  type IssuanceStore,
  type Issuer,
  type MediationOutcome,
  type MediationRequest,
  type Mediator,
  openAuditLog,
  openIssuer,
  openMediator,
  openPermissions,
  openRecords,
  type Permissions,
  type RecordStore,
  type Records,
  readBreaches,
  readCellClasses,
  readInstitutionDirectory,
  readPermissionTable,
  type Vault,
} from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import { afterAll } from 'vitest';
import { syntheticResidentTexts } from './residents.js';
import { issueTo } from './rotation-world.js';
import { makeScratchToken, type ScratchToken } from './softhsm.js';

/** Institutions of examples/permissions, by 機関コード. */
export const [WARD, PREFECTURE, PENSION, MUTUAL] = [
  '0220113112101700',
  '0110100000000100',
  '0330100000000100',
  '0440113112101700',
] as const;
/** 情報提供等記録開示システム. */
export const PORTAL = '0990000000000900';
/** Those that have codes of people. The mutual aid association has acquired none yet. */
const HOLDERS = [WARD, PREFECTURE, PENSION, PORTAL] as const;

export const ALLOWANCE = '児童手当の支給に関する事務';
export const PENSION_RELIEF = '国民年金の保険料の免除に関する事務';
export const TAX = '地方税関係情報';
export const BENEFITS = '年金給付関係情報';

/** Twelve people. The ward and the portal have codes of all, the prefecture of every second, the pension service of every third. */
export const PEOPLE = 12;
const SHARE: Readonly<Record<(typeof HOLDERS)[number], number>> = {
  [WARD]: 1,
  [PORTAL]: 1,
  [PREFECTURE]: 2,
  [PENSION]: 3,
};

/** Before the row of the table that ends on 2026-06-30 has ended. */
export const START = Date.parse('2026-06-20T10:00:00+09:00');
export const DAY_MS = 86_400_000;
/** 有効期間 in days after that of the request. */
export const VALIDITY_DAYS = 3;

/** Everything that a mediated request passes, with keys in SoftHSM and rows on SQLite. */
export interface LawWorld {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly issuer: Issuer;
  readonly permissions: Permissions;
  readonly mediator: Mediator;
  readonly records: Records;
  readonly file: RecordStore;
  /** Resident record codes of the people. */
  readonly people: readonly string[];
  /** Codes by 機関コード and person; undefined where the institution has none. */
  readonly codes: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly clock: { now: number };
  readonly close: () => Promise<void>;
}

/** A token for the tests of one file, and what opens a world on it. Both are gone after them. */
export function makeLawWorld(): { readonly token: ScratchToken; readonly open: () => Promise<LawWorld> } {
  const token = makeScratchToken('renkei-law');
  const worlds: LawWorld[] = [];
  afterAll(async () => {
    for (const world of worlds) await world.close();
    token.remove();
  });
  const open = async () => {
    const world = await openLawWorld(token);
    worlds.push(world);
    return world;
  };
  return { token, open };
}

async function openLawWorld(token: ScratchToken): Promise<LawWorld> {
  const { module, token: label, pin, folder } = token;
  const hsm = { module, token: label, pin };
  const periods = ['record/2026', 'record/2027', 'record/2028'];
  const institutions = [...HOLDERS, MUTUAL].map((code) => `institution/${code}/1`);
  const names = ['link/1', 'store/1', 'audit/1', ...periods, ...institutions];
  await provisionKeys({ ...hsm, keys: names.map((name) => ({ name, level: 2 as const })) });
  const clock = { now: START };
  const now = () => clock.now;
  const vault = await openPkcs11Vault({ ...hsm, minimumLevel: 2 });
  const store = await openSqliteStore({ path: `${folder}/issuance.sqlite` });
  const file = await openSqliteRecordStore({ path: `${folder}/records.sqlite` });
  const log = await openAuditLog({
    store: file,
    vault,
    auditKey: 'audit/1',
    origin: 'log.example.jp/law',
    now,
  });
  const issuer = await openIssuer({ vault, store, log, now });
  for (const period of ['2026', '2027', '2028']) await issuer.registerRecordPeriod(period);
  for (const institution of [...HOLDERS, MUTUAL]) await issuer.registerInstitution(institution);
  const people = syntheticResidentTexts(23, 0, PEOPLE);
  const codes = new Map<string, (string | undefined)[]>([[MUTUAL, people.map(() => undefined)]]);
  for (const institution of HOLDERS) {
    const isHeld = (person: number) => person % SHARE[institution] === 0;
    const issued = await issueTo(
      issuer,
      institution,
      people.filter((_, person) => isHeld(person)),
    );
    codes.set(
      institution,
      people.map((_, person) => (isHeld(person) ? issued.shift() : undefined)),
    );
  }
  const permissions = await openPermissions({ ...exampleParts(), log });
  const holderAffairs = [ALLOWANCE];
  const mediator = await openMediator({
    issuer,
    records: file,
    permissions,
    validityDays: VALIDITY_DAYS,
    holderAffairs,
    now,
  });
  const records = openRecords({ issuer, store: file, disclosureSystem: PORTAL, now });
  const close = async () => {
    for (const open of [records, mediator, issuer, log, file, store, vault]) await open.close();
  };
  return { vault, store, issuer, permissions, mediator, records, file, people, codes, clock, close };
}

function exampleParts() {
  const text = (name: string) => readFileSync(`examples/permissions/${name}`, 'utf8');
  const { revision } = readPermissionTable(text('table.json'), { format: 'json' });
  const { directory } = readInstitutionDirectory(text('institutions.csv'), { format: 'csv' });
  const { classes } = readCellClasses(text('cells.json'), { format: 'json' });
  const { breaches } = readBreaches(text('breaches.csv'), { format: 'csv' });
  if (!revision || !directory || !classes || !breaches) throw new Error('examples/permissions must load');
  return { revisions: [revision], directory, classes, breaches };
}

let requests = 0;

/** A request of the ward to the prefecture, which the table permits, about a person. No two have the same name. */
export function requestOf(
  world: LawWorld,
  person: number,
  change: Partial<MediationRequest> = {},
): MediationRequest {
  const inquirer = change.inquirer ?? WARD;
  return {
    requestId: `R-${++requests}`,
    inquirer,
    code: codeOf(world, inquirer, person),
    provider: PREFECTURE,
    affair: ALLOWANCE,
    information: TAX,
    items: ['合計所得金額'],
    department: '子育て支援課',
    ...change,
  };
}

/** An institution's code of a person, which it must have. */
export function codeOf({ codes }: LawWorld, institution: string, person: number): string {
  const code = codes.get(institution)?.[person];
  if (code === undefined) throw new Error('the institution has no code of this person');
  return code;
}

/** The outcome of a request that is to end in one way. */
export async function mediated<Status extends MediationOutcome['status']>(
  { mediator }: LawWorld,
  request: MediationRequest,
  status: Status,
): Promise<MediationOutcome & { readonly status: Status }> {
  const outcome = await mediator.mediate(request);
  if (outcome.status !== status) throw new Error(`${outcome.status} is not ${status}`);
  return outcome as MediationOutcome & { readonly status: Status };
}

/** Entries of the operation log, oldest first. */
export async function logged({
  file,
}: LawWorld): Promise<{ event: string; details: Record<string, unknown> }[]> {
  const texts = await file.logEntries({ from: 0, limit: 100_000 });
  return texts.map((text) => JSON.parse(text));
}
