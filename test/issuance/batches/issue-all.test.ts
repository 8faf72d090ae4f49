import { inspect } from 'node:util';
import { type IssuanceProgress, type IssuanceRequest, type IssuanceResult, openIssuer } from 'renkei';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';
import { acquisitionNumbers, syntheticBatches } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const SIZE = 10;
const plan = (batches: number) => ({ seed: 6, batches, size: SIZE });

const unhandled: unknown[] = [];
const listen = (reason: unknown) => void unhandled.push(reason);
process.on('unhandledRejection', listen);
afterAll(() => void process.off('unhandledRejection', listen));

let world: SoftwareIssuer;
beforeEach(async () => {
  world = await openSoftwareIssuer();
});

afterEach(async () => {
  // Rejections are reported after the microtasks of a turn: give stragglers a few.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});

type Batch = IteratorResult<IssuanceRequest, undefined>;

/** A source that counts what it is asked for, and whether it was told that nobody wants more. */
class WatchedSource implements AsyncIterableIterator<IssuanceRequest, undefined> {
  readonly taken: IssuanceRequest[] = [];
  returned = 0;
  readonly #batches: Generator<IssuanceRequest, undefined>;
  readonly #answer: (batch: Batch, index: number) => Promise<Batch>;

  /** @param answer what the source does with the n-th batch when it is asked for it; it gives it, by default */
  constructor(batches: number, answer = async (batch: Batch, _index: number) => batch) {
    this.#batches = syntheticBatches(plan(batches));
    this.#answer = answer;
  }

  next(): Promise<Batch> {
    const batch = this.#batches.next();
    if (batch.done === true) return Promise.resolve(batch);
    this.taken.push(batch.value);
    return this.#answer(batch, this.taken.length - 1);
  }

  async return(): Promise<Batch> {
    this.returned++;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** True when nothing is left of the residents that were taken. */
  get wiped(): boolean {
    return this.taken.every(({ residents }) => (residents as Uint8Array).every((byte) => byte === 0));
  }
}

const pending = () => new Promise<never>(() => undefined);

/** Reads a stream to its end or failure. */
async function readAll(stream: AsyncIterable<IssuanceResult>) {
  const results: IssuanceResult[] = [];
  try {
    for await (const result of stream) results.push(result);
  } catch (error) {
    return { results, error };
  }
  return { results, error: undefined };
}

/** The store holds whole batches and nothing else. */
async function expectStored(batches: number): Promise<void> {
  const rows = batches * SIZE;
  expect(await world.store.count()).toMatchObject({ persons: rows, issuances: rows });
}

describe('issuing a stream', () => {
  it('gives the results in the order of the batches, the same as batch by batch', async () => {
    const { results } = await readAll(world.issuer.issueAll('A1', syntheticBatches(plan(5))));
    const other = await openSoftwareIssuer();
    const single = [];
    for (const batch of syntheticBatches(plan(5))) single.push(await other.issuer.issueBatch('A1', batch));
    expect(results.map((result) => [...result])).toEqual(single.map((result) => [...result]));
    await expectStored(5);
  });

  it('takes async iterables, generators and arrays', async () => {
    const async = (async function* () {
      yield* syntheticBatches(plan(2));
    })();
    for (const source of [async, syntheticBatches(plan(2)), [...syntheticBatches(plan(2))]]) {
      expect((await readAll(world.issuer.issueAll('A1', source))).results).toHaveLength(2);
    }
  });

  it('tells the totals after each stored batch, before its result comes', async () => {
    const residents = syntheticResidents(6, 0, SIZE);
    const batches = [
      { acquisitionNumbers: acquisitionNumbers(SIZE), residents },
      {
        acquisitionNumbers: acquisitionNumbers(2),
        residents: ['x', syntheticResidentTexts(6, 0, 1)[0] as string],
      },
      { acquisitionNumbers: [], residents: [] },
    ];
    const seen: (IssuanceProgress | string)[] = [];
    const onProgress = (progress: IssuanceProgress) => void seen.push(progress);
    for await (const result of world.issuer.issueAll('A1', batches, { onProgress }))
      seen.push(`${result.length}`);
    const [a, b] = [SIZE, 1];
    expect(seen).toEqual([
      { batches: 1, issued: a, alreadyIssued: 0, refused: 0 },
      `${SIZE}`,
      { batches: 2, issued: a, alreadyIssued: b, refused: 1 },
      '2',
      { batches: 3, issued: a, alreadyIssued: b, refused: 1 },
      '0',
    ]);
  });

  it('gives codes again where reissue asks for it', async () => {
    const first = await readAll(world.issuer.issueAll('A1', syntheticBatches(plan(2))));
    const again = await readAll(world.issuer.issueAll('A1', syntheticBatches(plan(2)), { reissue: true }));
    const codes = ({ results }: typeof first) =>
      results.flatMap((result) => [...result].map((item) => 'code' in item && item.code));
    expect(codes(again)).toEqual(codes(first));
    await expectStored(2);
  });

  it('has each batch stored when its result comes', async () => {
    let batches = 0;
    for await (const _ of world.issuer.issueAll('A1', syntheticBatches(plan(4)))) {
      expect((await world.store.count()).persons).toBe(++batches * SIZE);
    }
  });

  it('never takes more than two batches ahead of the reader', async () => {
    const source = new WatchedSource(8);
    let read = 0;
    for await (const _ of world.issuer.issueAll('A1', source)) {
      read++;
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      expect(source.taken.length).toBeLessThanOrEqual(read + 1);
    }
    expect(read).toBe(8);
    expect(source.returned).toBe(0);
    expect(source.wiped).toBe(true);
  });

  it('takes nothing before the first result is asked for', async () => {
    const source = new WatchedSource(2);
    const stream = world.issuer.issueAll('A1', source);
    await new Promise(setImmediate);
    expect(source.taken).toEqual([]);
    await stream.return();
    expect(source.taken).toEqual([]);
  });

  it.each([
    ['OPTION_UNKNOWN', 'A1', [], { parallel: 4 }],
    ['OPTION_INVALID', 'A1', [], { onProgress: 5 }],
    ['INSTITUTION_CODE_INVALID', 'A 1', [], {}],
    ['OPTION_INVALID', 'A1', undefined, {}],
    ['OPTION_INVALID', 'A1', null, {}],
    ['OPTION_INVALID', 'A1', {}, {}],
    ['OPTION_INVALID', 'A1', syntheticResidentTexts(6, 0, 1)[0], {}],
    ['OPTION_INVALID', 'A1', [undefined], {}],
    ['INSTITUTION_UNKNOWN', 'Unknown', [{ acquisitionNumbers: ['X'], residents: ['x'] }], {}],
  ])('fails with %s: institution %j, batches %j, options %j', async (code, institution, batches, options) => {
    const { results, error } = await readAll(
      world.issuer.issueAll(institution, batches as never, options as never),
    );
    expect(results).toEqual([]);
    expect(error).toEqual(withCode(code as never));
    expect(inspect(error)).not.toContain(syntheticResidentTexts(6, 0, 1)[0]);
  });
});

describe('aborting a stream', () => {
  it('ends it with ABORTED between two batches: each is stored whole or not at all', async () => {
    const controller = new AbortController();
    const source = new WatchedSource(8);
    const { results, error } = await readAll(
      world.issuer.issueAll('A1', source, {
        signal: controller.signal,
        onProgress: ({ batches }) => {
          if (batches === 3) controller.abort(new Error('reason of the caller'));
        },
      }),
    );
    expect(error).toEqual(withCode('ABORTED', { retryable: true }));
    expect(inspect(error)).not.toContain('reason of the caller');
    expect(results).toHaveLength(3);
    await expectStored(3);
    expect(source).toMatchObject({ returned: 1, wiped: true });
  });

  it.each(['at once', 'after the first batch'])(
    'does not wait for a source that never answers: %s',
    async (when) => {
      const controller = new AbortController();
      const source = new WatchedSource(3, (batch, index) =>
        when === 'at once' || index > 0 ? pending() : Promise.resolve(batch),
      );
      const reading = readAll(world.issuer.issueAll('A1', source, { signal: controller.signal }));
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      controller.abort();
      const { results, error } = await reading;
      expect(error).toEqual(withCode('ABORTED'));
      expect(results).toHaveLength(when === 'at once' ? 0 : 1);
      expect(source.returned).toBe(1);
      await expectStored(results.length);
    },
  );

  it('before its start does not wait for a source that never answers', async () => {
    const source = new WatchedSource(3, pending);
    const { error } = await readAll(world.issuer.issueAll('A1', source, { signal: AbortSignal.abort() }));
    expect(error).toEqual(withCode('ABORTED'));
    await expectStored(0);
  });

  it('wipes a batch that comes too late', async () => {
    const controller = new AbortController();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const source = new WatchedSource(3, (batch) => held.then(() => batch));
    const reading = readAll(world.issuer.issueAll('A1', source, { signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort();
    expect((await reading).error).toEqual(withCode('ABORTED'));
    expect(source.wiped).toBe(false);
    release();
    await new Promise(setImmediate);
    expect(source).toMatchObject({ wiped: true, returned: 1 });
    expect(source.taken).toHaveLength(1);
  });

  it('may be followed by the same stream again: what was stored is already-issued', async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    await readAll(world.issuer.issueAll('A1', syntheticBatches(plan(3)), options));
    const { results } = await readAll(world.issuer.issueAll('A1', syntheticBatches(plan(3))));
    expect(results.map(({ counts }) => counts.alreadyIssued)).toEqual([SIZE, 0, 0]);
    await expectStored(3);
  });
});

describe('a reader who leaves a stream', () => {
  it('has stored the batches that were read, and tells the source', async () => {
    const source = new WatchedSource(8);
    let read = 0;
    for await (const _ of world.issuer.issueAll('A1', source)) if (++read === 2) break;
    await expectStored(2);
    expect(source).toMatchObject({ returned: 1, wiped: true });
  });

  it('need not wait for a source that never answers', async () => {
    const source = new WatchedSource(8, (batch, index) => (index === 0 ? Promise.resolve(batch) : pending()));
    for await (const _ of world.issuer.issueAll('A1', source)) break;
    expect(source.returned).toBe(1);
    await expectStored(1);
  });

  it('by an error of its own gets that error', async () => {
    const own = new Error('of the reader');
    const source = new WatchedSource(8);
    const reading = (async () => {
      for await (const _ of world.issuer.issueAll('A1', source)) throw own;
    })();
    await expect(reading).rejects.toBe(own);
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(1);
  });

  it('hears nothing of a source that fails to clean up, now or later', async () => {
    const source = new WatchedSource(8, (batch, index) =>
      index === 0 ? Promise.resolve(batch) : Promise.reject(new Error('too late')),
    );
    source.return = () => Promise.reject(new Error('no clean-up'));
    for await (const _ of world.issuer.issueAll('A1', source)) break;
    await expectStored(1);
  });
});

describe('a failure within a stream', () => {
  it('of the source comes after the batches before it, as it is', async () => {
    const own = new Error('of the source');
    for (const fail of [() => Promise.reject(own), throwing(own)]) {
      const fresh = await openSoftwareIssuer();
      const source = new WatchedSource(8, (batch, index) => (index === 2 ? fail() : Promise.resolve(batch)));
      const { results, error } = await readAll(fresh.issuer.issueAll('A1', source));
      expect(error).toBe(own);
      expect(results).toHaveLength(2);
      expect((await fresh.store.count()).persons).toBe(2 * SIZE);
      // By the protocol of iterators a source that failed has ended: it is not told to clean up.
      expect(source.returned).toBe(0);
    }
  });

  it('of a batch comes after the batches before it, and the source is told', async () => {
    const source = new WatchedSource(8, async (batch, index) =>
      index === 2
        ? { done: false, value: { ...(batch.value as IssuanceRequest), acquisitionNumbers: [] } }
        : batch,
    );
    const { results, error } = await readAll(world.issuer.issueAll('A1', source));
    expect(error).toEqual(withCode('BUFFER_LENGTH'));
    expect(results).toHaveLength(2);
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(2);
  });

  it('of the vault while the reader is slow is kept until the reader comes', async () => {
    const vault = standIn(world.vault);
    const issuer = await openIssuer({ vault: vault.object, store: world.store });
    await issuer.registerInstitution('A1');
    const source = new WatchedSource(8, async (batch, index) => {
      if (index === 2) vault.fail(new Error('no vault'), 'derive');
      return batch;
    });
    const stream = issuer.issueAll('A1', source);
    // The third batch is computed, and fails, while the reader has the second.
    expect((await stream.next()).done).toBe(false);
    expect((await stream.next()).done).toBe(false);
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    await expect(stream.next()).rejects.toThrow('no vault');
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(2);
  });

  it('of the store leaves whole batches, and wipes what was taken', async () => {
    const store = standIn(world.store);
    const issuer = await openIssuer({ vault: world.vault, store: store.object });
    await issuer.registerInstitution('A1');
    const source = new WatchedSource(8);
    const onProgress = ({ batches }: IssuanceProgress) => {
      if (batches === 2) store.fail(new Error('no store'), 'issue');
    };
    const { results, error } = await readAll(issuer.issueAll('A1', source, { onProgress }));
    expect(error).toMatchObject({ message: 'no store' });
    expect(results).toHaveLength(2);
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(2);
  });

  it('of the progress callback ends the stream; the batch it was told of is stored', async () => {
    const own = new Error('of the callback');
    const source = new WatchedSource(8);
    const { results, error } = await readAll(
      world.issuer.issueAll('A1', source, { onProgress: throwing(own) }),
    );
    expect(error).toBe(own);
    expect(results).toEqual([]);
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(1);
  });

  it('closing the issuer between two batches ends the stream with ISSUER_CLOSED and leaves whole batches', async () => {
    const source = new WatchedSource(8);
    const reading = (async () => {
      for await (const _ of world.issuer.issueAll('A1', source)) await world.issuer.close();
    })();
    await expect(reading).rejects.toThrow(withCode('ISSUER_CLOSED'));
    expect(source).toMatchObject({ returned: 1, wiped: true });
    await expectStored(1);
  });
});

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}
