import { join } from 'node:path';
import { type CheckedReceipt, checkRotationReceipt } from 'renkei';
import { openDelivery } from 'renkei/delivery';
import type { Holder } from './holder.js';

/** What was taken in. */
export interface TakenIn {
  /** Pairs in all files. */
  readonly pairs: number;
  /** Milliseconds that it took to check and to read them. */
  readonly ms: number;
  /** New record codes by the old ones that were asked for, in hex. */
  readonly recordCodes: ReadonlyMap<string, string>;
}

/**
 * Takes the deliveries of a receipt in as their institutions would: with the audit key's public half, and nothing else.
 *
 * @param records record codes whose new ones are wanted, in hex
 */
export async function takeDeliveriesIn(
  folder: string,
  receipt: string,
  publicKey: string,
  holders: readonly Holder[],
  records: readonly string[],
): Promise<TakenIn> {
  const start = performance.now();
  const { deliveries } = checkRotationReceipt({ receipt, publicKey });
  const recordCodes = new Map<string, string>(records.map((code) => [code, '']));
  let pairs = 0;
  for (const named of deliveries) {
    pairs += named.pairs;
    const holder = holders.find(({ code }) => named.audience === `institution/${code}`);
    if (holder === undefined) await readRecordCodes(folder, named, publicKey, recordCodes);
    else await takeIn(join(folder, named.file), publicKey, holder);
  }
  return { pairs, ms: performance.now() - start, recordCodes };
}

async function takeIn(path: string, publicKey: string, holder: Holder): Promise<void> {
  await using delivery = await openDelivery({ path, publicKey, institution: holder.code });
  await delivery.verify();
  for await (const { oldCodes, newCodes } of delivery.codes()) holder.take(oldCodes, newCodes);
}

async function readRecordCodes(
  folder: string,
  { file, audience }: CheckedReceipt['deliveries'][number],
  publicKey: string,
  into: Map<string, string>,
): Promise<void> {
  const recordPeriod = audience.slice('record/'.length);
  await using delivery = await openDelivery({ path: join(folder, file), publicKey, recordPeriod });
  await delivery.verify();
  for await (const { oldCodes, newCodes } of delivery.packed()) {
    const [old, next] = [oldCodes, newCodes].map((codes) => Buffer.from(codes).toString('hex'));
    for (let at = 0; at < 2 * oldCodes.length; at += 48) {
      const code = (old as string).slice(at, at + 48);
      if (into.has(code)) into.set(code, (next as string).slice(at, at + 48));
    }
  }
}
