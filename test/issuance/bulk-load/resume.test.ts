import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createMemoryStore, type IssuanceStore, type IssuerOptions } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, test } from 'vitest';
import { afterIssues } from '../../support/after-issues.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { packedLinkageCodes } from '../../support/linkage-codes.js';
import { testKeys } from '../../support/named-keys.js';
import { inBatches, liveThrough, makePopulation } from '../../support/population.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { beginStoreRotation, succeedAll, switchInstitution } from '../../support/rotation-by-hand.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { KEY_NAMES, openSoftwareIssuer } from '../../support/software-issuer.js';
import { withCode } from '../../support/with-code.js';
import { answersOf } from './answers.js';

const scratch = makeScratchFolder();
let folders = 0;
let folder: string;
beforeEach(() => {
  folder = scratch.path(`load-${folders++}`);
});

/** Old and new codes of some people, all in one list, besides the usual. */
const POPULATION = (() => {
  const population = makePopulation(45, 4);
  const bothNames = population.changes.flatMap((change) => [change.old, change.new]);
  return { ...population, list: [...population.list, ...bothNames] };
})();

/** A store whose n-th transaction is committed, and then fails. */
function failingAfter(store: IssuanceStore, n: number): IssuanceStore {
  return afterIssues(store, n, () => {
    throw new Error('the connection is lost after the commit');
  });
}

const PIECES = { checkpointRows: 20, storeBatchRows: 6, reissue: true };

describe('a load that is cut off gives the answers of one that is not', () => {
  async function load(failAfter: number, sameProcess: boolean, pieces: readonly [object, object] = [{}, {}]) {
    const store = createMemoryStore();
    const past = await openSoftwareIssuer({ store });
    await liveThrough(past, POPULATION);
    const { issuer } = await openSoftwareIssuer({ store: failingAfter(store, failAfter) });
    let cutOff = false;
    let one = await issuer.openBulkLoad('A1', { folder, ...PIECES, ...pieces[0] });
    await one.receive(inBatches(POPULATION.list, 10));
    await one.store().catch(() => {
      cutOff = true;
    });
    if (cutOff && !sameProcess) {
      await one.close();
      one = await past.issuer.openBulkLoad('A1', { folder, ...PIECES, ...pieces[1] });
    }
    if (cutOff) await one.store();
    const answers = await answersOf(one);
    const { counts } = one;
    await one.erase();
    return { answers, counts, cutOff, held: await store.count() };
  }

  test.each([true, false])('after any transaction, in the same process: %s', async (sameProcess) => {
    const undisturbed = await load(0, sameProcess);
    let transactions = 1;
    for (; ; transactions++) {
      const { answers, counts, cutOff, held } = await load(transactions, sameProcess);
      expect(answers).toEqual(undisturbed.answers);
      expect(counts).toEqual(undisturbed.counts);
      expect(held).toEqual(undisturbed.held);
      if (!cutOff) break;
    }
    expect(transactions).toBeGreaterThan(12);
  });

  test('and goes on with smaller or larger transactions', async () => {
    const undisturbed = await load(0, false);
    const [small, large] = [{ storeBatchRows: 1 }, { storeBatchRows: 100_000 }];
    for (const [failAfter, ...pieces] of [
      [1, large, small],
      [1, PIECES, small],
      [5, PIECES, small],
      [5, small, large],
    ] as const) {
      const { answers, counts, cutOff, held } = await load(failAfter, false, pieces);
      expect(cutOff).toBe(true);
      expect([answers, counts, held]).toEqual([undisturbed.answers, undisturbed.counts, undisturbed.held]);
    }
  });
});

describe('receiving', () => {
  const residents = syntheticResidentTexts(3, 0, 100);

  test('keeps what came before an abort, and says where to go on', async () => {
    const { issuer } = await openSoftwareIssuer();
    const load = await issuer.openBulkLoad('A1', { folder });
    const controller = new AbortController();
    const received = load.receive(inBatches(residents, 10), {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.received === 30) controller.abort();
      },
    });
    await expect(received).rejects.toThrow(withCode('ABORTED'));
    expect(load.received).toBe(30);
    await load.receive(inBatches(residents.slice(load.received), 10));
    await load.store();
    expect(load.counts).toEqual({ issued: 100, alreadyIssued: 0, refused: 0 });
  });

  test('keeps what came before a failing source or vault, and wipes what it was given', async () => {
    const vault = new FaultyVault((await openSoftwareVault({ keys: testKeys(KEY_NAMES) })) as never);
    const { issuer } = await openSoftwareIssuer({ vault: vault as never });
    const load = await issuer.openBulkLoad('A1', { folder });
    async function* failing() {
      yield residents.slice(0, 10);
      throw new Error('the tape is torn');
    }
    await expect(load.receive(failing())).rejects.toThrow('the tape is torn');
    expect(load.received).toBe(10);
    vault.fail('HSM_UNAVAILABLE', 'derive');
    const packed = syntheticResidents(3, 10, 5);
    await expect(load.receive([packed])).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    expect(packed.every((byte) => byte === 0)).toBe(true);
    expect(load.received).toBe(10);
  });

  test('refuses batches that are none, and a step out of its turn', async () => {
    const { issuer } = await openSoftwareIssuer();
    const load = await issuer.openBulkLoad('A1', { folder });
    await expect(load.receive([new Uint8Array(12)])).rejects.toThrow(withCode('BUFFER_LENGTH'));
    await expect(load.receive([new Uint8Array(11 * 100_001)])).rejects.toThrow(withCode('BATCH_TOO_LARGE'));
    await expect(load.answers().next()).rejects.toThrow(withCode('BULK_LOAD_STATE'));
    const running = load.receive([residents]);
    await expect(load.store()).rejects.toThrow(withCode('BULK_LOAD_STATE'));
    await running;
    await load.store();
    await expect(load.receive([residents])).rejects.toThrow(withCode('BULK_LOAD_STATE'));
    await load.store();
    await load.erase();
    await expect(load.store()).rejects.toThrow(withCode('BULK_LOAD_STATE'));
  });
});

test('storing stops at an abort between two transactions, and goes on', async () => {
  const { issuer, store } = await openSoftwareIssuer();
  const load = await issuer.openBulkLoad('A1', { folder, storeBatchRows: 10 });
  await load.receive([syntheticResidentTexts(3, 0, 100)]);
  const controller = new AbortController();
  const stored = load.store({ signal: controller.signal, onProgress: () => controller.abort() });
  await expect(stored).rejects.toThrow(withCode('ABORTED'));
  expect((await store.count()).issuances).toBeLessThan(100);
  await load.store();
  expect(load.counts).toEqual({ issued: 100, alreadyIssued: 0, refused: 0 });
});

test('answers can be read from any place, and stop at an abort', async () => {
  const { issuer } = await openSoftwareIssuer();
  const list = [...syntheticResidentTexts(3, 0, 60), 'x', ...syntheticResidentTexts(3, 60, 30)];
  const load = await issuer.openBulkLoad('A1', { folder, checkpointRows: 7 });
  await load.receive(inBatches(list, 9));
  await load.store();
  const all = await answersOf(load, { batchRows: 5 });
  for (const from of [0, 1, 59, 60, 61, 90, 91, 1_000]) {
    const rest = [];
    for await (const batch of load.answers({ from, batchRows: 8 })) {
      expect(batch.first).toBe(from + rest.length);
      rest.push(...[...batch].map(({ position: _, ...answer }) => answer));
    }
    expect(rest).toEqual(all.slice(from));
  }
  const controller = new AbortController();
  const answers = load.answers({ batchRows: 8, signal: controller.signal });
  await answers.next();
  controller.abort();
  await expect(answers.next()).rejects.toThrow(withCode('ABORTED'));
});

describe('a folder', () => {
  const received = async (options: Partial<IssuerOptions> = {}) => {
    const world = await openSoftwareIssuer(options);
    const load = await world.issuer.openBulkLoad('A1', { folder });
    await load.receive([syntheticResidentTexts(3, 0, 50)]);
    return { ...world, load };
  };

  test('is used by one at a time, in this process and in others', async () => {
    const { issuer, load } = await received();
    await expect(issuer.openBulkLoad('A1', { folder })).rejects.toThrow(withCode('SPILL_IN_USE'));
    await load.close();
    const attempts = Array.from({ length: 8 }, () => issuer.openBulkLoad('A1', { folder }));
    const opened = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled');
    expect(opened.length).toBeLessThanOrEqual(1);
  });

  test('of another institution, key version, generation or key is refused', async () => {
    const { issuer, store, vault, load } = await received();
    await load.close();
    const mismatch = withCode('SPILL_MISMATCH');
    await expect(issuer.openBulkLoad('B2', { folder })).rejects.toThrow(mismatch);
    const others = await openSoftwareVault({ keys: testKeys(KEY_NAMES, 'others') });
    const stranger = await openSoftwareIssuer({ vault: others });
    await expect(stranger.issuer.openBulkLoad('A1', { folder })).rejects.toThrow(mismatch);
    await switchInstitution({ store, vault }, 'A1', 2);
    await expect(issuer.openBulkLoad('A1', { folder })).rejects.toThrow(mismatch);
  });

  test('of a load that is stored gives codes of the new version after a rotation, until the old one is retired', async () => {
    const { issuer, store, vault, load } = await received();
    await load.store();
    await load.close();
    const rotation = await switchInstitution({ store, vault }, 'A1', 2);
    const again = await issuer.openBulkLoad('A1', { folder });
    const answers = await answersOf(again);
    const residents = syntheticResidentTexts(3, 0, 50);
    const online = await issuer.issueBatch(
      'A1',
      { acquisitionNumbers: residents.map((_, n) => `R-${n}`), residents },
      { reissue: true },
    );
    expect(answers.map((answer) => 'code' in answer && answer.code)).toEqual(
      [...online].map((item) => 'code' in item && item.code),
    );
    await again.close();
    await rotation.retire();
    await expect(issuer.openBulkLoad('A1', { folder })).rejects.toThrow(withCode('SPILL_MISMATCH'));
  });

  test.each([
    ['receiving', false],
    ['stored', true],
  ])('of a load that is %s is refused once the store key is another one', async (_state, isStored) => {
    const keys = testKeys([...KEY_NAMES, 'store/2']);
    const world = await received({ vault: await openSoftwareVault({ keys }) });
    if (isStored) await world.load.store();
    const rotation = await beginStoreRotation(world);
    await succeedAll(world, 1);
    await rotation.verify();
    await rotation.switchOver();
    const mismatch = withCode('SPILL_MISMATCH');
    if (isStored) await expect(answersOf(world.load)).rejects.toThrow(mismatch);
    else await expect(world.load.store()).rejects.toThrow(mismatch);
    await world.load.close();
    await expect(world.issuer.openBulkLoad('A1', { folder })).rejects.toThrow(mismatch);
  });

  test('with other files in it is refused, and left as it is', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'years of work');
    const { issuer } = await openSoftwareIssuer();
    await expect(issuer.openBulkLoad('A1', { folder })).rejects.toThrow(withCode('SPILL_CORRUPT'));
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  test('holds no resident record code and no linkage code, is private, and is gone when erased', async () => {
    const { load } = await received();
    await load.store();
    const residents = syntheticResidentTexts(3, 0, 50);
    const linkKey = testKeys(KEY_NAMES)['link/1'] as Uint8Array;
    const linkage = Buffer.from(packedLinkageCodes(linkKey, syntheticResidents(3, 0, 50)));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const names = readdirSync(folder).filter((name) => !name.startsWith('lock-'));
    expect(names.sort()).toEqual(['manifest.json', 'outcomes', 'requests', 'rows']);
    for (const name of names) {
      const file = join(folder, name);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const bytes = readFileSync(file);
      for (const resident of residents) expect(bytes.includes(resident)).toBe(false);
      for (let k = 0; k < 50; k++) expect(bytes.includes(linkage.subarray(16 * k, 16 * k + 16))).toBe(false);
    }
    // The wrapped codes are there: this looks into the right files.
    const [first] = await answersOf(load);
    expect(first?.status).toBe('issued');
    await load.erase();
    expect(() => readdirSync(folder)).toThrow('ENOENT');
  });

  test.each(['requests', 'rows', 'outcomes', 'manifest.json'])(
    'with any byte of "%s" changed never gives another answer',
    async (name) => {
      const { issuer, load } = await received();
      await load.store();
      const answers = await answersOf(load);
      await load.close();
      const file = join(folder, name);
      const original = readFileSync(file);
      const step = Math.max(1, Math.floor(original.length / 60));
      let refused = 0;
      for (let place = 0; place < original.length; place += step) {
        const changed = Buffer.from(original);
        changed[place] = (changed[place] as number) ^ 0x20;
        writeFileSync(file, changed);
        const attempt = async () => {
          await using again = await issuer.openBulkLoad('A1', { folder });
          return await answersOf(again);
        };
        const outcome = await attempt().catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toEqual(withCode('SPILL_CORRUPT'));
          refused++;
        } else expect(outcome).toEqual(answers);
      }
      // Rows are not needed any more for answers.
      if (name !== 'rows') expect(refused).toBeGreaterThan(50);
    },
  );

  test('with a changed row stores nothing', async () => {
    const { issuer, load } = await received();
    await load.close();
    const file = join(folder, 'rows');
    const bytes = readFileSync(file);
    bytes[bytes.length - 3] = (bytes.at(-3) as number) ^ 1;
    writeFileSync(file, bytes);
    const again = await issuer.openBulkLoad('A1', { folder });
    await expect(again.store()).rejects.toThrow(withCode('SPILL_CORRUPT'));
  });

  test('with a file cut short is refused; bytes behind the last checkpoint are forgotten', async () => {
    const { issuer, load } = await received();
    await load.close();
    const file = join(folder, 'requests');
    appendFileSync(file, 'half a block');
    const again = await issuer.openBulkLoad('A1', { folder });
    expect(again.received).toBe(50);
    await again.close();
    truncateSync(file, statSync(file).size - 1);
    await expect(issuer.openBulkLoad('A1', { folder })).rejects.toThrow(withCode('SPILL_CORRUPT'));
  });
});

test('a load that was closed does not pass for erased', async () => {
  const { issuer } = await openSoftwareIssuer();
  const load = await issuer.openBulkLoad('A1', { folder });
  await load.receive([syntheticResidentTexts(3, 0, 10)]);
  await load.close();
  await expect(load.erase()).rejects.toThrow(withCode('BULK_LOAD_STATE'));
  const again = await issuer.openBulkLoad('A1', { folder });
  await again.erase();
  await again.close();
  await again.erase();
  expect(() => readdirSync(folder)).toThrow('ENOENT');
});
