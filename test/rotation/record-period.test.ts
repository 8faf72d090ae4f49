import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { issueTo, openRotationWorld, read, workAndVerify } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
const END_OF_2026 = Date.parse('2027-04-01T00:00:00+09:00');
const SEVEN_YEARS_LATER = Date.parse('2034-04-01T00:00:00+09:00');

describe('a record period ends (情報提供等の記録)', () => {
  test('its records are erased after seven years and not before, then its key is destroyed', async () => {
    let now = END_OF_2026;
    const world = await openRotationWorld({ now: () => now });
    const { rotations, issuer, vault, codes } = world;
    const folder = path('period');
    const rotation = await rotations.begin({ kind: 'record-period', close: '2026', open: '2027' });
    // What is noted for an institution's rotation meanwhile is not its business.
    const other = await rotations.begin({ kind: 'institution', institution: 'B2' });
    await issueTo(issuer, 'B2', world.people);
    expect((await workAndVerify(rotation, folder)).deliveries).toEqual([]);
    await rotation.switch({ folder, graceMs: 0 });
    expect((await world.store.noted(100)).length).toBeGreaterThan(0);
    await other.abort();
    const erased: string[] = [];
    const eraser = {
      erase: async (period: string) => {
        erased.push(period);
        return { rows: 12 };
      },
    };
    now = SEVEN_YEARS_LATER - 1;
    await expect(rotation.retire({ eraser })).rejects.toMatchObject({ code: 'ROTATION_TOO_EARLY' });
    expect(erased).toEqual([]);
    expect(await rotation.status()).toBe('switched');
    now = SEVEN_YEARS_LATER;
    await expect(rotation.retire()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(read(await rotation.retire({ eraser })).counts).toEqual({ erased: 12 });
    expect(erased).toEqual(['2026']);
    const destroyed = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
    expect(destroyed.proof).toEqual([
      { key: 'record/2026', tried: 'asked for its fingerprint', answer: 'KEY_NOT_FOUND' },
      {
        key: 'record/2026',
        tried: 'codes under it, each of which was made anew just before',
        codes: expect.any(Number),
        answer: 'KEY_NOT_FOUND',
      },
    ]);
    // The next period is served.
    await issuer.recordCodes(codes, { from: 'A1', period: '2027' });
  });

  test('that comes on record while a change of generation is made keeps it from its switch', async () => {
    const { rotations, store, vault } = await openRotationWorld();
    const folder = path('late-period');
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    await rotation.work({ folder });
    await rotation.verify({ folder });
    // An issuer that looked before the rotation was begun.
    const name = 'record/2027' as Parameters<typeof vault.fingerprint>[0];
    await store.registerKey({ name, fingerprint: await vault.fingerprint(name), registeredAt: 1 });
    await expect(rotation.switch({ folder, graceMs: 0 })).rejects.toMatchObject({
      code: 'ROTATION_CONFLICT',
    });
  });

  test('a period that is not named after a fiscal year needs the moment of its end', async () => {
    const { rotations, issuer } = await openRotationWorld();
    await issuer.registerRecordPeriod('R8');
    const request = { kind: 'record-period', close: 'R8', open: '2027' } as const;
    const refused = { code: 'OPTION_INVALID', message: expect.stringContaining('endedAt') };
    await expect(rotations.begin(request)).rejects.toMatchObject(refused);
    expect((await rotations.begin({ ...request, endedAt: END_OF_2026 })).subject).toBe('record/R8');
  });

  test('a period that was never registered cannot end', async () => {
    const { rotations, store } = await openRotationWorld();
    const keys = await store.listKeys();
    const begun = rotations.begin({ kind: 'record-period', close: '2099', open: '2027' });
    await expect(begun).rejects.toMatchObject({ code: 'RECORD_PERIOD_UNKNOWN' });
    expect(await store.listKeys()).toEqual(keys);
  });
});
