import { readdirSync } from 'node:fs';
import { formatPerInstitutionCode, institutionAudience, parsePerInstitutionCode } from 'renkei';
import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { syntheticResidentTexts } from '../support/residents.js';
import {
  issueTo,
  openRotationWorld,
  type RotationWorld,
  read,
  readDelivered,
  translated,
  versionOf,
  workAndVerify,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** A1's codes of the same people under another version of its key. */
async function codesUnder({ vault, codes }: RotationWorld, version: number): Promise<string[]> {
  const packed = Buffer.concat(codes.map((code) => parsePerInstitutionCode(code).code));
  const made = await vault.translate(packed, institutionAudience('A1', 1), [
    institutionAudience('A1', version),
  ]);
  return codes.map((_, k) =>
    formatPerInstitutionCode((made.codes[0] as Uint8Array).subarray(k * 24, (k + 1) * 24), version),
  );
}

/** What becomes of codes that A1 presents, each outcome once. */
async function statuses({ issuer }: RotationWorld, codes: readonly string[]): Promise<Set<string>> {
  const result = await issuer.translate(codes, { from: 'A1', to: 'B2' });
  return new Set([...result].map((item) => ('error' in item ? item.error : item.status)));
}

describe("an institution's key is replaced", () => {
  test('every code is delivered with the one that takes its place, and both are served until the old is retired', async () => {
    const world = await openRotationWorld();
    const { rotations, issuer, vault, people, codes } = world;
    const folder = path('whole');
    const before = await translated(world, codes);
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });

    const verified = await workAndVerify(rotation, folder);
    expect(verified.counts).toEqual({ rows: people.length, supplemented: 0, pairs: people.length });
    expect(verified.sample?.size).toBe(people.length);
    const delivered = await readDelivered(world, folder, verified, 'A1');
    expect([...delivered.keys()].sort()).toEqual([...codes].sort());
    const next = codes.map((code) => delivered.get(code) as string);
    // Before the switch new codes are understood already, and old ones are handed out.
    expect(await translated(world, next)).toEqual(before);
    expect(await issueTo(issuer, 'A1', people)).toEqual(codes);

    read(await rotation.switch({ folder, graceMs: 0 }));
    expect(await rotation.status()).toBe('switched');
    expect(await translated(world, codes)).toEqual(before);
    expect(await translated(world, next)).toEqual(before);
    // The new code is the one that translation and issuing give now.
    expect(await issueTo(issuer, 'A1', people)).toEqual(next);
    expect(new Set(next.map(versionOf))).toEqual(new Set([2]));

    await rotation.retire();
    expect(new Set(await translated(world, codes))).toEqual(new Set(['CODE_VERSION_RETIRED']));
    expect(await translated(world, next)).toEqual(before);

    const destroyed = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
    expect(destroyed.proof?.map(({ answer }) => answer)).toEqual(['KEY_NOT_FOUND', 'KEY_NOT_FOUND']);
    expect(await rotation.status()).toBe('destroyed');
    expect(await translated(world, next)).toEqual(before);
    expect((await rotation.receipts()).map((receipt) => read(receipt).step)).toEqual([
      'verify',
      'switch',
      'retire',
      'destroy',
    ]);
    // Nothing is left in the folder but what is delivered.
    expect(readdirSync(folder)).toEqual(verified.deliveries.map(({ file }) => file));
  });

  test('codes issued while it runs are in the delivery, those issued after in a supplement', async () => {
    const world = await openRotationWorld();
    const { rotations, issuer } = world;
    const folder = path('noted');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await rotation.work({ folder });
    const [during, after] = [syntheticResidentTexts(8, 0, 20), syntheticResidentTexts(8, 20, 10)];
    const duringCodes = await issueTo(issuer, 'A1', during);
    const verified = read(await rotation.verify({ folder }));
    expect(verified.counts).toEqual({ rows: 60, supplemented: 20, pairs: 80 });
    const afterCodes = await issueTo(issuer, 'A1', after);
    const switched = read(await rotation.switch({ folder, graceMs: 0 }));
    expect(switched.counts).toEqual({ supplemented: 10, pairs: 10 });
    const main = await readDelivered(world, folder, verified, 'A1');
    const supplement = await readDelivered(world, folder, switched, 'A1');
    expect(duringCodes.every((code) => main.has(code))).toBe(true);
    expect([...supplement.keys()].sort()).toEqual([...afterCodes].sort());
    expect(await issueTo(issuer, 'A1', after)).toEqual(afterCodes.map((code) => supplement.get(code)));
  });

  test('a second rotation of the institution is refused while one is under way; another institution has its own', async () => {
    const { rotations } = await openRotationWorld();
    await rotations.begin({ kind: 'institution', institution: 'A1' });
    await expect(rotations.begin({ kind: 'institution', institution: 'A1' })).rejects.toMatchObject({
      code: 'ROTATION_CONFLICT',
    });
    await expect(rotations.begin({ kind: 'store' })).rejects.toMatchObject({ code: 'ROTATION_CONFLICT' });
    const other = await rotations.begin({ kind: 'institution', institution: 'B2' });
    expect(other.id).toBe(2);
  });

  test('aborted, it leaves rows as they were and old codes served; it can be begun anew', async () => {
    const world = await openRotationWorld();
    const { rotations, issuer, store, people, codes } = world;
    const folder = path('aborted');
    const rows = async () => [
      await store.persons({ limit: 1_000 }),
      await store.statistics(),
      await store.count(),
    ];
    const first = await rotations.begin({ kind: 'institution', institution: 'A1' });
    const before = await rows();
    await workAndVerify(first, folder);
    await first.abort({ folder });
    expect(readdirSync(folder)).toEqual([]);
    expect(await first.status()).toBe('aborted');
    expect(await rows()).toEqual(before);
    expect(await store.noted(1_000)).toEqual([]);
    expect(await issueTo(issuer, 'A1', people)).toEqual(codes);
    await expect(first.work({ folder })).rejects.toMatchObject({ code: 'ROTATION_STATUS' });
    const delivered = await codesUnder(world, 2);
    const third = await rotations.begin({ kind: 'institution', institution: 'A1', version: 3 });
    expect(await statuses(world, delivered)).toEqual(new Set(['CODE_VERSION_UNKNOWN']));
    expect(await statuses(world, await codesUnder(world, 3))).toEqual(new Set(['translated', 'not-held']));
    await third.abort();
    const second = await rotations.begin({ kind: 'institution', institution: 'A1' });
    expect(await statuses(world, delivered)).toEqual(new Set(['translated', 'not-held']));
    expect((await workAndVerify(second, folder)).to).toMatchObject([{ name: 'institution/A1/2' }]);
  });
});
