import { createHash, randomInt } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAudience } from '../codes/key-names.js';
import type { DeliveryFacts } from '../delivery/header.js';
import { writeDelivery } from '../delivery/write-delivery.js';
import { signalOption } from '../errors/abort.js';
import type { RotationContext } from './context.js';
import { folderFault, inFolder } from './faults.js';
import { countNewCodes, mergePairs } from './merge.js';
import { checkPartFile, PAIR_LENGTH, type PartFile } from './part-file.js';
import type { ReceiptDelivery } from './receipt.js';
import type { SoughtPairs } from './sought-pairs.js';
import type { PlannedDelivery, PlannedRotation } from './stored-plan.js';

/** What a delivery is made of. */
export interface Assembly {
  readonly folder: string;
  /** Which of the plan's deliveries. */
  readonly delivery: number;
  /** 1 for the main file, 2 for the supplement. */
  readonly sequence: number;
  readonly files: readonly PartFile[];
  /** Pairs to be drawn at random for the sample. */
  readonly sampleSize: number;
  /** Pairs to be looked for among those of the delivery. */
  readonly sought?: SoughtPairs | undefined;
  /** Looks at what was made before it is signed; what it throws leaves no delivery. */
  readonly inspect?: (made: Inspected) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** A delivery before it is signed. */
export interface Inspected {
  /** Pairs in it. */
  readonly pairs: number;
  /** Pairs drawn at random, n × 48 bytes. */
  readonly sample: Uint8Array;
}

/**
 * Makes a delivery of files of pairs: all pairs in the order of the old codes, each once, with the old and the new
 * codes one to one. It is signed when all that is checked of it was found right, and not before.
 *
 * @throws RenkeiError `ROTATION_FOLDER`, `ABORTED`, a vault error
 */
export async function assemble(
  context: RotationContext,
  rotation: PlannedRotation,
  { folder, delivery, sequence, files, sampleSize, sought, inspect, signal }: Assembly,
): Promise<ReceiptDelivery> {
  const { vault, auditKey } = context;
  const planned = rotation.plan.deliveries[delivery] as PlannedDelivery;
  for (const file of files) await checkPartFile(folder, file);
  const codes = await countNewCodes(folder, files, signal);
  const path = join(folder, fileName(rotation, planned, delivery, sequence));
  const checkedPairs = async function* () {
    const sample = new Sample(sampleSize, codes);
    const merged = mergePairs(folder, files, signal);
    yield* sample.watch(sought === undefined ? merged : sought.watch(merged));
    if (sample.passed !== codes)
      throw folderFault('files of pairs contradict each other: a new code has two old ones');
    await inspect?.({ pairs: codes, sample: sample.pairs() });
  };
  const { pairs, merkleRoot } = await writeDelivery({
    path,
    facts: factsOf(rotation, planned, sequence),
    pairs: checkedPairs(),
    auditKey: { name: auditKey, publicKey: await vault.publicKey(auditKey) },
    sign: (message) => vault.sign(auditKey, message),
    ...signalOption(signal),
  });
  const digest = await digestOf(path);
  return { audience: planned.audience, file: basename(path), pairs, digest, merkleRoot };
}

/** Pairs drawn at random from those that pass. */
class Sample {
  readonly #places: readonly number[];
  readonly #taken: Uint8Array[] = [];
  #passed = 0;

  constructor(size: number, rows: number) {
    const places = new Set<number>();
    while (places.size < Math.min(size, rows)) places.add(randomInt(rows));
    this.#places = [...places].sort((a, b) => a - b);
  }

  /** How many have passed. */
  get passed(): number {
    return this.#passed;
  }

  async *watch(batches: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const batch of batches) {
      const rows = batch.length / PAIR_LENGTH;
      for (;;) {
        const place = (this.#places[this.#taken.length] ?? Infinity) - this.#passed;
        if (place >= rows) break;
        this.#taken.push(batch.slice(place * PAIR_LENGTH, (place + 1) * PAIR_LENGTH));
      }
      this.#passed += rows;
      yield batch;
    }
  }

  pairs(): Uint8Array {
    return Buffer.concat(this.#taken);
  }
}

function factsOf(
  { plan, record }: PlannedRotation,
  planned: PlannedDelivery,
  sequence: number,
): DeliveryFacts {
  const [from, to] = [parseAudience(planned.from), parseAudience(planned.to)];
  return {
    rotation: record.id,
    sequence,
    audience: planned.audience,
    ...(from.kind === 'institution' && to.kind === 'institution'
      ? { institution: from.institution, fromVersion: from.version, toVersion: to.version }
      : {}),
    fromGeneration: plan.link === undefined ? plan.generation : plan.generation - 1,
    toGeneration: plan.generation,
    fingerprints: planned.fingerprints,
    // Not the moment of writing: whoever makes it anew makes the same bytes, but for the signature.
    createdAt: new Date(record.createdAt).toISOString(),
  };
}

/** All files that a delivery of the plan may come in. */
export function deliveryFiles(rotation: PlannedRotation, delivery: number): readonly string[] {
  const planned = rotation.plan.deliveries[delivery] as PlannedDelivery;
  return [1, 2].map((sequence) => fileName(rotation, planned, delivery, sequence));
}

/** Files are told apart by number: file systems may not tell `a` from `A`. */
function fileName(
  { record }: PlannedRotation,
  { from, to }: PlannedDelivery,
  delivery: number,
  sequence: number,
): string {
  const keys = from === to ? from : `${from}-to-${to.split('/').at(-1)}`;
  const kind = sequence === 1 ? 'delivery' : 'supplement';
  return `rotation-${record.id}-${kind}-${delivery + 1}-${keys.replaceAll('/', '-')}.pairs`;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await inFolder('reading', async () => {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }))
      hash.update(chunk as Uint8Array);
  });
  return hash.digest('hex');
}
