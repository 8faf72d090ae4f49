import { wipe } from '../../bytes/wipe.js';
import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { PeriodCodes } from '../../issuance/presented-codes/record-codes.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { RecordPeriodState } from '../../stores/record-port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { behalfDetails } from '../on-behalf.js';
import type { DiscloseRequest, RecordsContext } from '../records-options.js';
import { readCursor, writeCursor } from './cursor.js';
import { type DisclosedItem, disclosedItem } from './disclosed-record.js';
import { Disclosure } from './disclosure.js';
import { personRecords } from './person-records.js';

/** A page as it was read, before it is logged. */
interface ReadPage {
  readonly items: readonly DisclosedItem[];
  /** The last branches of the records of the items. */
  readonly rows: readonly AccessRecord[];
  readonly hasMore: boolean;
}

const DEFAULT_PAGE = 50;

/** Discloses a person's records of all live periods; says so in the operation log before it hands anything out. */
export async function disclose(
  context: RecordsContext,
  disclosureSystem: InstitutionCode,
  request: DiscloseRequest,
): Promise<Disclosure> {
  const { store, now } = context;
  const { code, cursor, limit = DEFAULT_PAGE, signal } = request;
  const live = (await store.periods(signalOption(signal))).filter(({ erased }) => !erased);
  const codes = await codesOf(context, disclosureSystem, code, live, signal);
  try {
    for (const { period, generation } of live) requireGeneration(codes, period, generation);
    const before = cursor === undefined ? undefined : readCursor(codes.codes.values(), cursor);
    // A clock that goes backwards does not hide what was to be seen before.
    const at = Math.max(now(), (await store.logHead(signalOption(signal))).at);
    const page = await readPage(context, codes, { before, limit, at, signal });
    // Rows that were put under other codes meanwhile may have been missed.
    for (const { period, leastGeneration } of await store.periods(signalOption(signal))) {
      requireGeneration(codes, period, leastGeneration);
    }
    const last = page.hasMore ? page.rows.at(-1) : undefined;
    const next = last === undefined ? undefined : writeCursor(last.recordCode, last.serial);
    const draft = draftOf(disclosureSystem, request, page);
    const { first } = await store.appendLog([draft], at, signalOption(signal));
    return new Disclosure(page.items, { next, at, entry: first });
  } finally {
    wipe(...codes.codes.values());
  }
}

async function codesOf(
  { issuer }: RecordsContext,
  from: InstitutionCode,
  code: string,
  live: readonly RecordPeriodState[],
  signal: AbortSignal | undefined,
): Promise<PeriodCodes> {
  const periods = live.map(({ period }) => period);
  const codes = await issuer.periodCodes([code], { from, periods, ...signalOption(signal) });
  const [refusal] = codes.refusals;
  if (refusal === undefined) return codes;
  throw new RenkeiError(refusal.code, `the code of the person at institution ${from} is refused`);
}

/**
 * @throws RenkeiError `RECORDS_OUTDATED` when rows of the period may stand under other codes than these
 */
function requireGeneration({ codes, generation }: PeriodCodes, period: string, found: number): void {
  // Of a period whose key is retired nothing is disclosed: its time is over.
  if (!codes.has(period) || found === generation) return;
  throw new RenkeiError(
    'RECORDS_OUTDATED',
    `records of the period ${period} are found under generation ${found}, codes are of generation ${generation}`,
  );
}

async function readPage(
  { store }: RecordsContext,
  { codes }: PeriodCodes,
  {
    before,
    limit,
    at,
    signal,
  }: {
    readonly before: number | undefined;
    readonly limit: number;
    readonly at: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<ReadPage> {
  const items: DisclosedItem[] = [];
  const rows: AccessRecord[] = [];
  for await (const branches of personRecords(store, codes, before, signal)) {
    const item = disclosedItem(branches, at);
    if (item === undefined) continue;
    if (items.length === limit) return { items, rows, hasMore: true };
    items.push(item);
    rows.push(branches.at(-1) ?? branches[0]);
  }
  return { items, rows, hasMore: false };
}

function draftOf(institution: InstitutionCode, request: DiscloseRequest, { items, rows }: ReadPage) {
  const withheld = rows.filter((_, k) => items[k]?.status === 'withheld');
  return {
    event: 'records.disclosed',
    details: {
      ...behalfDetails(request),
      institution,
      serials: rows.map(({ serial }) => serial),
      branches: rows.map(({ branch }) => branch),
      withheld: withheld.map(({ serial }) => serial),
    },
  };
}
