import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import { type Settled, settled, unwrapSettled } from '../issuance/leavable-source.js';
import type { RotationContext } from './context.js';
import { inFolder } from './faults.js';
import { makePairs } from './pair-maker.js';
import { type CodePairs, writePartFile } from './part-file.js';
import { type PartReport, readReport } from './part-report.js';
import { type ScannedPage, scanIssuances, scanPersons } from './scan.js';
import type { PlannedRotation } from './stored-plan.js';
import { succeed } from './successions.js';
import type { WorkPart } from './work-parts.js';

/** Who performs a part, and who hears of it. */
export interface Performance {
  readonly folder: string;
  readonly worker: string;
  readonly signal: AbortSignal | undefined;
  /** Rows to be worked on at a time. */
  readonly pageRows: number;
  /** Called after each page with its rows; false: the part is to be left as it is. */
  readonly onPage: (rows: number) => Promise<boolean>;
}

/** Pages that the vault works on at the same time: while one is computed the next is read. */
const PAGES_AHEAD = 3;

/**
 * Does a part and reports it. Done twice it is the same: the first report stays.
 *
 * @returns rows gone through; undefined when it was left
 */
export async function performPart(
  context: RotationContext,
  rotation: PlannedRotation,
  work: WorkPart,
  performance: Performance,
): Promise<number | undefined> {
  const { store, vault } = context;
  const { folder, worker, signal } = performance;
  const made = await goThrough(context, rotation, work, performance);
  if (made === undefined) return undefined;
  const { rows, pairs } = made;
  throwIfAborted(signal);
  const file = `rotation-${rotation.plan.mark}-part-${work.part}-${worker}`;
  const hasPairs = pairs.oldCodes.length > 0;
  const report: PartReport = {
    rows,
    engines: vault.health().engines,
    ...(hasPairs ? { pairs: await writePartFile(folder, file, pairs) } : {}),
  };
  const outcome = await store.finishPart(rotation.record.id, work.part, JSON.stringify(report));
  if (outcome !== 'inserted' && hasPairs) await removeUnlessReported(context, rotation, work, folder, file);
  context.observe({
    event: 'part',
    id: rotation.record.id,
    kind: rotation.record.kind,
    status: 'running',
    rows,
  });
  return rows;
}

/** What a part has come to. */
interface Made {
  readonly rows: number;
  readonly pairs: CodePairs;
}

async function goThrough(
  context: RotationContext,
  rotation: PlannedRotation,
  work: WorkPart,
  { signal, pageRows, onPage }: Performance,
): Promise<Made | undefined> {
  const made: CodePairs[] = [];
  const running: Promise<Settled<CodePairs>>[] = [];
  let rows = 0;
  const takeOldest = async () =>
    made.push(unwrapSettled(await (running.shift() as Promise<Settled<CodePairs>>)));
  try {
    for await (const page of pagesOf(context, work, pageRows, signal)) {
      throwIfAborted(signal);
      running.push(settled(workOnPage(context, rotation, work, page, signal)));
      if (running.length >= PAGES_AHEAD) await takeOldest();
      const scanned = page.storeCodes.length / CODE_LENGTH;
      rows += scanned;
      if (!(await onPage(scanned))) return undefined;
    }
    while (running.length > 0) await takeOldest();
  } finally {
    await Promise.all(running);
  }
  const oldCodes = Buffer.concat(made.map((pairs) => pairs.oldCodes));
  const newCodes = Buffer.concat(made.map((pairs) => pairs.newCodes));
  return { rows, pairs: { oldCodes, newCodes } };
}

function pagesOf(
  { store }: RotationContext,
  { range, delivery }: WorkPart,
  pageRows: number,
  signal: AbortSignal | undefined,
) {
  return delivery?.institution === undefined
    ? scanPersons(store, range, pageRows, signal)
    : scanIssuances(store, delivery.institution, range, pageRows, signal);
}

const NO_PAIRS: CodePairs = { oldCodes: new Uint8Array(0), newCodes: new Uint8Array(0) };

async function workOnPage(
  context: RotationContext,
  { plan }: PlannedRotation,
  { delivery }: WorkPart,
  { storeCodes, aliases }: ScannedPage,
  signal: AbortSignal | undefined,
): Promise<CodePairs> {
  if (delivery !== undefined) {
    // Codes are made of people's own store codes, never of other names.
    const own = pickCodes(storeCodes, rowsWithout(storeCodes.length / CODE_LENGTH, aliases));
    return makePairs(context, { plan, delivery, storeCodes: own }, signal);
  }
  await succeed(context, plan, storeCodes, signal);
  return NO_PAIRS;
}

/** Another worker was faster, and its file counts; or the parts were forgotten meanwhile. */
async function removeUnlessReported(
  { store }: RotationContext,
  { record }: PlannedRotation,
  { part }: WorkPart,
  folder: string,
  file: string,
): Promise<void> {
  const reports = await store.parts(record.id, signalOption(undefined));
  const report = reports.find((one) => one.part === part)?.report;
  if (report !== undefined && readReport(report).pairs?.file === file) return;
  await inFolder('removing a file', () => rm(join(folder, file), { force: true }));
}
