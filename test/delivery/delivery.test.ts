import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { parsePerInstitutionCode } from '../../src/codes/per-institution-code.js';
import { type DeliveryFacts, openDelivery, writeDelivery } from '../../src/delivery/index.js';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { leafHash, MerkleTree } from '../../src/signatures/merkle-tree.js';
import { signedMessage } from '../../src/signatures/signed-message.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeSigner } from '../support/signer.js';
import { withCode } from '../support/with-code.js';

const FACTS: DeliveryFacts = {
  rotation: 3,
  sequence: 1,
  audience: 'institution/A1',
  institution: 'A1',
  fromVersion: 1,
  toVersion: 2,
  fromGeneration: 1,
  toGeneration: 1,
  fingerprints: { from: '0123456789abcdef', to: 'fedcba9876543210' },
  createdAt: '2026-04-01T00:00:00.000Z',
};
const { institution: _, fromVersion: _from, toVersion: _to, ...SHARED } = FACTS;
const RECORD_FACTS: DeliveryFacts = {
  ...SHARED,
  audience: 'record/2026',
  toGeneration: 2,
  fingerprints: { from: '0123456789abcdef', to: '0123456789abcdef' },
};

const scratch = makeScratchFolder();
const signer = makeSigner();
const { publicKey } = signer;
let files = 0;

/** The number at the end of the old code makes it ascend; the new code descends. */
function pairsOf(count: number): Buffer {
  const pairs = Buffer.alloc(count * 48, 7);
  for (let k = 0; k < count; k++) {
    pairs.writeUInt32BE(k, k * 48);
    pairs.writeUInt32BE(count - k, k * 48 + 24);
  }
  return pairs;
}

function* inBatches(pairs: Buffer, rows: number) {
  for (let at = 0; at < pairs.length; at += rows * 48) yield pairs.subarray(at, at + rows * 48);
}

async function write(pairs: Buffer, facts = FACTS, rows = 700) {
  const path = scratch.path(`delivery-${files++}`);
  const header = await writeDelivery({
    path,
    facts,
    pairs: inBatches(pairs, rows),
    auditKey: { name: signer.name, publicKey },
    sign: signer.sign,
  });
  return { path, header };
}

/** Writes a file by hand, whatever is in it, with a right signature. */
async function forge(pairs: Buffer, change: object = {}) {
  const hashes: Uint8Array[] = [];
  const tree = new MerkleTree();
  for (const block of inBatches(pairs, 1024)) {
    hashes.push(leafHash(block));
    tree.append(block);
  }
  const { header } = await write(pairsOf(0));
  const table = Buffer.concat(hashes);
  const { createHash } = await import('node:crypto');
  const text = canonicalJson({
    ...header,
    pairs: pairs.length / 48,
    tableDigest: createHash('sha256').update(table).digest('hex'),
    merkleRoot: Buffer.from(tree.root()).toString('hex'),
    ...change,
  });
  return assemble(text, Buffer.concat([table, pairs]));
}

async function assemble(text: string, rest: Uint8Array): Promise<string> {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const signature = await signer.sign(signedMessage('renkei-delivery/1', bytes));
  const path = scratch.path(`forged-${files++}`);
  writeFileSync(path, Buffer.concat([Buffer.from('renkei-delivery/1\n'), length, bytes, signature, rest]));
  return path;
}

const open = (path: string, institution = 'A1') => openDelivery({ path, publicKey, institution });

async function readAll(path: string, from = 0): Promise<Buffer> {
  await using delivery = await open(path);
  const read: Buffer[] = [];
  for await (const { first, oldCodes, newCodes } of delivery.packed({ from })) {
    expect(first).toBe(from + read.length);
    for (let at = 0; at < oldCodes.length; at += 24) {
      read.push(Buffer.concat([oldCodes.subarray(at, at + 24), newCodes.subarray(at, at + 24)]));
    }
  }
  return Buffer.concat(read);
}

const invalid = withCode('DELIVERY_INVALID');

describe('a delivery', () => {
  test.each([0, 1, 1023, 1024, 1025, 5000])('of %i pairs is read as it was written', async (count) => {
    const pairs = pairsOf(count);
    const { path, header } = await write(pairs);
    expect(header.pairs).toBe(count);
    expect(await readAll(path)).toEqual(pairs);
    const delivery = await open(path);
    expect(delivery.header).toEqual(header);
    await delivery.verify();
    await delivery.close();
  });

  test('has the same header and pairs however the pairs come in', async () => {
    const all = await Promise.all([1, 48, 1024, 5000].map((rows) => write(pairsOf(3000), FACTS, rows)));
    for (const { header } of all) expect(header).toEqual(all[0]?.header);
  });

  test('hands out external forms with the versions of both keys', async () => {
    const pairs = pairsOf(1500);
    const { path } = await write(pairs);
    await using delivery = await open(path);
    let next = 0;
    for await (const { first, oldCodes, newCodes } of delivery.codes()) {
      expect(first).toBe(next);
      oldCodes.forEach((text, k) => {
        const [old, fresh] = [parsePerInstitutionCode(text), parsePerInstitutionCode(newCodes[k] as string)];
        expect([old.version, fresh.version]).toEqual([1, 2]);
        expect(Buffer.concat([old.code, fresh.code])).toEqual(pairs.subarray(next * 48, ++next * 48));
      });
    }
    expect(next).toBe(1500);
  });

  test('is resumed at any pair', async () => {
    const pairs = pairsOf(2500);
    const { path } = await write(pairs);
    for (const from of [0, 1, 1023, 1024, 1025, 2047, 2048, 2499, 2500]) {
      expect(await readAll(path, from)).toEqual(pairs.subarray(from * 48));
    }
    await expect(readAll(path, 2501)).rejects.toThrow(withCode('OPTION_INVALID'));
  });

  test('for a record period is read packed only', async () => {
    const { path } = await write(pairsOf(3), RECORD_FACTS);
    await using delivery = await openDelivery({ path, publicKey, recordPeriod: '2026' });
    await expect(delivery.codes().next()).rejects.toThrow(withCode('OPTION_INVALID'));
    expect((await delivery.packed().next()).value?.oldCodes).toHaveLength(72);
    await expect(openDelivery({ path, publicKey, recordPeriod: '2027' })).rejects.toThrow(invalid);
    await expect(open(path)).rejects.toThrow(invalid);
  });

  test('shows nothing of a code when it is printed', async () => {
    const { path } = await write(pairsOf(3));
    await using delivery = await open(path);
    expect(inspect(delivery, { depth: 9 })).toBe('[Delivery: redacted]');
  });

  test('leaves the reader when the caller gives up', async () => {
    const { path } = await write(pairsOf(3000));
    await using delivery = await open(path);
    const caller = new AbortController();
    const reading = delivery.packed({ signal: caller.signal });
    await reading.next();
    caller.abort();
    await expect(reading.next()).rejects.toThrow(withCode('ABORTED'));
  });
});

describe('a delivery is refused', () => {
  const small = write(pairsOf(1030));
  const bits = small.then(({ path }) => readFileSync(path));

  property.prop([fc.nat(), fc.nat(7)], { numRuns: 400 })('with any bit changed', async (place, bit) => {
    const bytes = Buffer.from(await bits);
    // Half of the runs in what comes before the pairs, which is short.
    const at = place % (place % 2 === 0 ? 700 : bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << bit);
    const path = scratch.path('changed');
    writeFileSync(path, bytes);
    await expect(readAll(path)).rejects.toThrow(/refused|not signed/);
  });

  test('with any bit of its first 1,200 bytes changed: nothing of a changed block comes out', async () => {
    const bytes = await bits;
    const path = scratch.path('changed');
    for (let at = 0; at < 1200; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      writeFileSync(path, changed);
      await expect(readAll(path)).rejects.toThrow(/refused|not signed/);
    }
  });

  test('cut off anywhere, and with anything behind its last pair', async () => {
    const bytes = await bits;
    const path = scratch.path('cut');
    for (const length of [0, 1, 18, 21, 22, 100, 500, 700, bytes.length - 48, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(open(path)).rejects.toThrow(invalid);
    }
    for (const more of [1, 48]) {
      writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(more)]));
      await expect(open(path)).rejects.toThrow(invalid);
    }
  });

  test('by another institution, and under another audit key', async () => {
    const { path } = await small;
    await expect(open(path, 'B2')).rejects.toThrow(invalid);
    await expect(
      openDelivery({ path, publicKey: makeSigner().publicKey, institution: 'A1' }),
    ).rejects.toThrow(withCode('SIGNATURE_INVALID'));
  });

  test('whose signed old codes do not ascend or are there twice, within a block and between two', async () => {
    for (const [left, right] of [
      [5, 6],
      [1023, 1024],
      [1024, 1025],
    ] as const) {
      for (const twice of [true, false]) {
        const pairs = pairsOf(1100);
        const row = (k: number) => pairs.subarray(k * 48, k * 48 + 24);
        const before = Buffer.from(row(left));
        if (!twice) row(left).set(row(right));
        row(right).set(before);
        const path = await forge(pairs);
        await expect(readAll(path)).rejects.toThrow(invalid);
        // Resumed just there too.
        await expect(readAll(path, right)).rejects.toThrow(invalid);
        await expect(write(pairs)).rejects.toThrow(expect.objectContaining({ index: right }));
      }
    }
  });

  test('whose signed header is not as it must be', async () => {
    expect(await readAll(await forge(pairsOf(2)))).toEqual(pairsOf(2));
    for (const change of [
      { format: 'renkei-delivery/2' },
      { scheme: 'RK2' },
      { pairs: 3 },
      { pairs: -1 },
      { pairs: 1.5 },
      { blockPairs: 512 },
      { tableDigest: '00'.repeat(32) },
      { merkleRoot: '00'.repeat(32) },
      { auditKey: { name: 'audit/1', fingerprint: '00'.repeat(8) } },
      { auditKey: { name: 'store/1', fingerprint: '00'.repeat(8) } },
      { auditKey: null },
      { toVersion: 1 },
      { fromVersion: 0 },
      { fromGeneration: 2 },
      { institution: 'B2' },
      { institution: undefined },
      { audience: 'institution/B2' },
      { fingerprints: { from: 'x', to: 'y' } },
      { createdAt: 'today' },
      { more: 1 },
    ]) {
      await expect(open(await forge(pairsOf(2), change))).rejects.toThrow(invalid);
    }
    for (const text of ['', 'null', '[]', '{', '{}', ' {"a":1}']) {
      await expect(open(await assemble(text, Buffer.alloc(0)))).rejects.toThrow(invalid);
    }
    const { header } = await write(pairsOf(0));
    const pretty = await assemble(canonicalJson(header, 1), Buffer.alloc(0));
    await expect(open(pretty)).rejects.toThrow(invalid);
  });
});

describe('writing a delivery', () => {
  const options = (path: string) => ({
    path,
    facts: FACTS,
    pairs: inBatches(pairsOf(3000), 700) as Iterable<Uint8Array>,
    auditKey: { name: signer.name, publicKey },
    sign: signer.sign,
  });

  test('leaves the file before as it was, and nothing else, when it fails', async () => {
    const { path } = await write(pairsOf(5));
    const before = readFileSync(path);
    const others = readdirSync(dirname(path));
    const caller = new AbortController();
    const failures = [
      { pairs: [pairsOf(2), pairsOf(2)] },
      { pairs: [new Uint8Array(47)] },
      { sign: async () => new Uint8Array(64) },
      { sign: makeSigner().sign },
      { sign: () => Promise.reject(new Error('the HSM is away')) },
      {
        signal: caller.signal,
        pairs: (function* () {
          yield pairsOf(2);
          caller.abort();
        })(),
      },
    ];
    const codes: unknown[] = [];
    for (const failure of failures) {
      await writeDelivery({ ...options(path), ...failure }).catch((error) =>
        codes.push(error.code ?? error.message),
      );
    }
    expect(codes).toEqual([
      'DELIVERY_INVALID',
      'BUFFER_LENGTH',
      'SIGNATURE_INVALID',
      'SIGNATURE_INVALID',
      'the HSM is away',
      'ABORTED',
    ]);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(dirname(path))).toEqual(others);
  });

  test('replaces what a killed run has left', async () => {
    const path = scratch.path('again');
    writeFileSync(`${path}.pairs`, Buffer.alloc(999_999, 1));
    writeFileSync(`${path}.next`, Buffer.alloc(999_999, 1));
    await writeDelivery(options(path));
    expect(await readAll(path)).toEqual(pairsOf(3000));
    expect(existsSync(`${path}.next`)).toBe(false);
  });

  test('names the failure of the file system, and no path', async () => {
    const path = scratch.path('nowhere/file');
    await expect(writeDelivery(options(path))).rejects.toThrow(
      expect.objectContaining({ code: 'DELIVERY_FAULT', message: expect.not.stringContaining('nowhere') }),
    );
    await expect(open(path)).rejects.toThrow(withCode('DELIVERY_FAULT'));
  });

  test('refuses wrong facts and wrong options by name', async () => {
    const path = scratch.path('wrong');
    for (const change of [{ toVersion: 1 }, { rotation: 0 }, { audience: 'record/2026' }, { more: 1 }]) {
      const facts = { ...FACTS, ...change };
      await expect(writeDelivery({ ...options(path), facts })).rejects.toThrow(withCode('OPTION_INVALID'));
    }
    await expect(openDelivery({ path, publicKey: 'ab', institution: 'A1' })).rejects.toThrow(/publicKey/);
    await expect(openDelivery({ path, publicKey })).rejects.toThrow(/either/);
    await expect(openDelivery({ path, publicKey, institution: 'A1', recordPeriod: '2026' })).rejects.toThrow(
      /either/,
    );
    expect(existsSync(path)).toBe(false);
  });
});
