import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkRotationReceipt,
  type Issuer,
  type KeyDestroyer,
  type Rotation,
  type RotationRequest,
  type Rotations,
  type Vault,
} from 'renkei';
import { verifyReceipts } from '../../src/commands/verify-receipts.js';
import { Bar } from './bar.js';
import { checkCodes, checkEverybody, checkRecordCodes, recordCodesOf } from './check-codes.js';
import { takeDeliveriesIn } from './deliveries.js';
import { count, perSecond, type Row } from './figures.js';
import { type Holder, phaseOf } from './holder.js';
import { residentsFrom } from './population.js';
import type { Requests } from './requests.js';

/** What a rotation of the demo works with. */
export interface Rotating {
  readonly rotations: Rotations;
  readonly issuer: Issuer;
  readonly requests: Requests;
  /** Computes a sample anew. */
  readonly checkVault: Vault;
  readonly destroyer: KeyDestroyer;
  /** The audit key's public half, in hex. */
  readonly publicKey: string;
  /** Deliveries and receipts are put into it. */
  readonly folder: string;
  /** All institutions. */
  readonly holders: readonly Holder[];
}

const LIST_BATCH = 1_000;

/**
 * One rotation from its plan to the destruction of the old keys, while requests are answered.
 *
 * @param concerned institutions whose codes are replaced
 */
export async function rotateOnce(
  rotating: Rotating,
  request: RotationRequest,
  concerned: readonly Holder[],
): Promise<readonly Row[]> {
  const { requests, issuer, holders, folder, publicKey } = rotating;
  const rows: Row[] = [];
  requests.start();
  const records = request.kind === 'generation' ? await recordCodesOf(issuer, holders) : [];
  const rotation = await work(rotating, request, rows);

  const verified = await rotation.verify({ folder, checkVault: rotating.checkVault });
  // Whose row is in the delivery has been answered by then.
  await requests.settle();
  const taken = await takeDeliveriesIn(folder, verified, publicKey, concerned, records);
  rows.push(['pairs taken in from deliveries', count(taken.pairs), perSecond(taken.pairs, taken.ms)]);
  const { sample } = checkRotationReceipt({ receipt: verified });
  rows.push(['of these computed anew for the receipt', count(sample?.size ?? 0), '']);
  reach(concerned, 'delivered');

  reach(concerned, 'switching');
  const switched = await rotation.switch({ folder });
  reach(concerned, 'switched');
  await requests.settle();
  const supplements = await takeDeliveriesIn(folder, switched, publicKey, concerned, []);
  rows.push(['pairs taken in from supplements', count(supplements.pairs), '']);
  await checkRecordCodes(issuer, holders, records, taken.recordCodes);

  reach(concerned, 'retiring');
  const retired = await rotation.retire();
  reach(concerned, 'retired');
  rows.push(...(await checkCodes(issuer, holders, concerned)));
  const destroyed = await rotation.destroy({ destroyer: rotating.destroyer });
  for (const { key, tried, answer } of checkRotationReceipt({ receipt: destroyed }).proof ?? []) {
    rows.push([`${key} is gone: ${tried}`, answer, '']);
  }
  const ms = await requests.stop();
  rows.push(...(await checkEverybody(issuer, concerned)), ...answers(requests, ms));

  const receipts = [verified, switched, retired, destroyed];
  await verifyAll(rotating, rotation, receipts);
  rows.push(['receipts and their deliveries verified, without the database', count(receipts.length), '']);
  for (const holder of concerned) holder.forgetOldCodes();
  return rows;
}

/** Plans, begins, and makes all pairs. */
async function work(
  { rotations, requests, folder }: Rotating,
  request: RotationRequest,
  rows: Row[],
): Promise<Rotation> {
  const plan = await rotations.plan(request);
  const { storeCodes, pairs } = plan.counts;
  const { people, seconds = 0 } = plan.nation;
  const hours = `${(seconds / 3600).toFixed(1)} h`;
  rows.push([`planned for a nation of ${count(people)} and 10 institutions, one worker`, '', hours]);
  const rotation = await rotations.begin(request);
  const isListed = request.kind === 'generation' && request.source === 'list';
  if (isListed) {
    const bar = new Bar('delivered list', requests.residents);
    const { received, unknown } = await rotation.receiveResidents(delivered(requests.residents), {
      onProgress: (progress) => bar.update(progress.received),
    });
    bar.stop();
    if (unknown > 0) throw new Error('the list names people whom the store does not know');
    rows.push(['residents of a delivered list taken in', count(received), perSecond(received, bar.ms)]);
  }
  const made = Object.values(pairs).reduce((sum, n) => sum + n, isListed ? 0 : storeCodes);
  const bar = new Bar('rows', made);
  const done = await rotation.work({ folder, onProgress: (progress) => bar.update(progress.rows) });
  bar.stop();
  rows.push(['pairs of old and new codes made', count(done.rows), perSecond(done.rows, bar.ms)]);
  return rotation;
}

/** The list of all residents, in packed batches. */
function* delivered(residents: number): Generator<Uint8Array> {
  for (let first = 0; first < residents; first += LIST_BATCH) {
    yield residentsFrom(first, Math.min(LIST_BATCH, residents - first));
  }
}

function reach(concerned: readonly Holder[], phase: Parameters<typeof phaseOf>[0]): void {
  for (const holder of concerned) holder.phase = phaseOf(phase);
}

function answers({ answered }: Requests, ms: number): Row[] {
  const { translated, retired, issued, again, repeated } = answered;
  const all = translated + retired + issued + again;
  return [
    ['single requests answered meanwhile, each as it must be', count(all), perSecond(all, ms)],
    ['  translated', count(translated), ''],
    ['  refused, naming the retired version', count(retired), ''],
    ['  issued', count(issued), ''],
    ['  already-issued, with the code', count(again), ''],
    ['  asked once more, since the keys had changed', count(repeated), ''],
  ];
}

/** As whoever has the files and the public key, but neither HSM nor database. */
async function verifyAll(
  { folder, publicKey }: Rotating,
  { id }: Rotation,
  receipts: readonly string[],
): Promise<void> {
  const keyFile = join(folder, 'audit.hex');
  writeFileSync(keyFile, publicKey);
  const paths = receipts.map((receipt, k) => {
    const path = join(folder, `receipt-${id}-${k}.json`);
    writeFileSync(path, receipt);
    return path;
  });
  const delivery = receipts.flatMap((receipt) =>
    checkRotationReceipt({ receipt }).deliveries.map(({ file }) => join(folder, file)),
  );
  await verifyReceipts(paths, { 'public-key': keyFile, delivery });
}
