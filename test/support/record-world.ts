import {
  createMemoryRecordStore,
  type InstitutionCode,
  type Issuer,
  openRecords,
  parseInstitutionCode,
  type RecordContent,
  type RecordStore,
  type Records,
} from 'renkei';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { issueTo, openRotationWorld, type RotationWorld, type WorldOptions } from './rotation-world.js';

/** The institution under whose codes people are known to the disclosure system in tests. */
export const DISCLOSURE_SYSTEM = 'C3';
/** Who asks for disclosures in tests. */
export const ON_BEHALF = { who: '開示システム', receiptNumber: 'R8-000123' } as const;
/** A moment in the record period 2026. */
export const IN_2026 = Date.parse('2026-07-01T10:00:00+09:00');

/** A store with people, a record file, and what is done with it. */
export interface RecordWorld extends RotationWorld {
  readonly file: RecordStore;
  readonly records: Records;
  /** The people's codes at the disclosure system. */
  readonly shown: readonly [string, string, ...string[]];
  /** The clock of all of it. */
  readonly clock: { now: number };
}

export interface RecordWorldOptions extends Omit<WorldOptions, 'now'> {
  readonly file?: RecordStore;
}

/** People with codes of A1, B2 and the disclosure system, and an empty record file. */
export async function openRecordWorld(options: RecordWorldOptions = {}): Promise<RecordWorld> {
  const { file = createMemoryRecordStore(), ...rest } = options;
  const clock = { now: IN_2026 };
  const now = () => clock.now;
  const world = await openRotationWorld({ people: 12, ...rest, now });
  await world.issuer.registerInstitution(DISCLOSURE_SYSTEM);
  await world.issuer.registerRecordPeriod('2027');
  const [first, second, ...more] = await issueTo(world.issuer, DISCLOSURE_SYSTEM, world.people);
  if (first === undefined || second === undefined) throw new Error('there must be two people at least');
  const { issuer } = world;
  const records = openRecords({ issuer, store: file, disclosureSystem: DISCLOSURE_SYSTEM, now });
  return { ...world, file, records, shown: [first, second, ...more], clock };
}

let files = 0;

/** Record files to be tried, by name: what opens an empty one. */
export function recordFiles(path: (name: string) => string): readonly [string, () => Promise<RecordStore>][] {
  return [
    ['memory', async () => createMemoryRecordStore()],
    ['SQLite', () => openSqliteRecordStore({ path: path(`records-${++files}.sqlite`) })],
  ];
}

/** What a record says in tests. */
export function contentOf(change: Partial<RecordContent> = {}): RecordContent {
  return {
    outcome: 'forwarded',
    inquirer: institution('A1'),
    provider: institution('B2'),
    inquirerName: '甲市長',
    department: '福祉課',
    providerName: '乙市長',
    affair: '児童手当の支給に関する事務',
    procedure: '',
    information: '地方税関係情報',
    items: ['所得割額'],
    requestedAt: IN_2026,
    nonDisclosure: false,
    ...change,
  };
}

/** An institution code of a literal. */
export function institution(code: string): InstitutionCode {
  return parseInstitutionCode(code);
}

let requests = 0;

/**
 * Records requests about one person, as a mediator does.
 *
 * @returns the serial numbers
 */
export async function recordAbout(
  { issuer, file, clock }: Pick<RecordWorld, 'file' | 'clock'> & { readonly issuer: Issuer },
  code: string,
  contents: readonly Partial<RecordContent>[],
  { period = '2026', from = DISCLOSURE_SYSTEM } = {},
): Promise<number[]> {
  const { codes, generation } = await issuer.periodCodes([code], { from, periods: [period] });
  const recordCode = codes.get(period) as Uint8Array;
  const { records } = await file.append({
    at: clock.now,
    records: contents.map((content) => ({
      requestId: `T-${++requests}`,
      period,
      generation,
      recordCode,
      content: contentOf(content),
    })),
  });
  return records.map(({ record }) => record.serial);
}

/** Adds a branch to a record. */
export async function addBranch(
  { file, clock }: Pick<RecordWorld, 'file' | 'clock'>,
  serial: number,
  change: Partial<RecordContent>,
): Promise<void> {
  const [last] = await file.latest([serial]);
  if (last === undefined) throw new Error('there is no such record');
  const content = { ...last.content, ...change };
  const branches = [{ serial, branch: last.branch + 1, content }];
  const [written] = (await file.append({ at: clock.now, branches })).branches;
  if (written?.outcome !== 'inserted') throw new Error('the branch was not taken');
}

/** Entries of the log of one event, what they say. */
export async function loggedEntries(file: RecordStore, event: string): Promise<Record<string, unknown>[]> {
  const texts = await file.logEntries({ from: 0, limit: 100_000 });
  return texts
    .map((text) => JSON.parse(text))
    .filter((entry) => entry.event === event)
    .map(({ details }) => details);
}
