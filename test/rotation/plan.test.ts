import { readdirSync } from 'node:fs';
import { createMemoryStore, openIssuer, openRotations, type RotationRequest } from 'renkei';
import { describe, expect, test } from 'vitest';
import { openRotationVault, openRotationWorld } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

describe('the plan of a rotation', () => {
  test('says what there is to do, measures here and now, and changes nothing', async () => {
    const { rotations, store, people } = await openRotationWorld();
    const before = [await store.listKeys(), await store.rotations()];
    const plan = await rotations.plan(
      { kind: 'generation', source: 'store' },
      { people: 1_000_000, institutions: 3 },
    );
    const { persons, aliases } = await store.count();
    expect(plan).toMatchObject({
      kind: 'generation',
      subject: '*',
      from: ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1'],
      to: ['link/2', 'store/2', 'institution/A1/2', 'institution/B2/2'],
      counts: {
        storeCodes: persons + aliases,
        pairs: {
          'institution/A1': people.length,
          'institution/B2': people.length / 2,
          'record/2026': persons,
        },
      },
      parts: 4,
      needs: { missingKeys: [], engine: 'bulk', engineReady: true },
      // Three institutions and one record period.
      nation: { people: 1_000_000, rotations: 1, pairs: 4_000_000 },
      rates: {
        advancing: expect.any(Number),
        basis: { codes: '8192 synthetic store codes', advancing: '8192 synthetic store codes' },
      },
    });
    // Sixty people say nothing of the rate of reading.
    expect(plan.rates?.reading).toBeUndefined();
    expect(plan.rates?.basis.reading).toMatch(/^not measured/);
    expect(plan.nation.seconds).toBeGreaterThan(plan.estimate.seconds as number);
    expect([await store.listKeys(), await store.rotations()]).toEqual(before);
  });

  test('names the keys that are missing, and begins nothing without them', async () => {
    const vault = await openRotationVault(['institution/A1/2']);
    const { rotations, store } = await openRotationWorld({ vault });
    const request = { kind: 'institution', institution: 'A1' } as const;
    const plan = await rotations.plan(request, { measure: false });
    expect(plan.needs.missingKeys).toEqual(['institution/A1/2']);
    expect(plan.rates).toBeUndefined();
    expect(plan.nation).toEqual({
      people: 125_000_000,
      rotations: 10,
      pairs: 1_250_000_000,
      bytes: expect.any(Number),
    });
    const keys = await store.listKeys();
    await expect(rotations.begin(request)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(await store.listKeys()).toEqual(keys);
  });

  test('estimates for a nation what each kind of rotation takes, step by step', async () => {
    const { rotations } = await openRotationWorld();
    const nation = { people: 125_000_000, institutions: 10 };
    const stepsOf = async (request: RotationRequest) => {
      const plan = await rotations.plan(request, nation);
      const steps = plan.nation.steps ?? [];
      const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
      expect(plan.nation.seconds).toBe(Math.ceil(seconds));
      for (const step of steps) expect(step.share).toBeCloseTo(step.seconds / seconds);
      return {
        rotations: plan.nation.rotations,
        rows: Object.fromEntries(steps.map(({ step, rows }) => [step, rows])),
      };
    };
    const people = 125_000_000;
    expect(await stepsOf({ kind: 'institution', institution: 'A1' })).toEqual({
      rotations: 10,
      rows: { pairs: 10 * people, deliveries: 10 * people },
    });
    expect(await stepsOf({ kind: 'store' })).toEqual({
      rotations: 1,
      rows: { successors: people, moving: people },
    });
    for (const source of ['store', 'list'] as const) {
      expect(await stepsOf({ kind: 'generation', source })).toEqual({
        rotations: 1,
        rows: {
          successors: people,
          pairs: 10 * people,
          'record-pairs': people,
          deliveries: 11 * people,
          moving: people,
        },
      });
    }
  });

  test('measures three people like three million: by full pages, whose synthetic codes are wiped', async () => {
    const vault = await openRotationVault();
    const sizes: number[] = [];
    const given: Uint8Array[] = [];
    const watched = new Proxy(vault, {
      get(target, name) {
        if (name === 'translate') {
          return (...args: Parameters<typeof vault.translate>) => {
            sizes.push(args[0].length / 24);
            given.push(args[0]);
            return target.translate(...args);
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { store } = await openRotationWorld({ vault, people: 3 });
    const rotations = await openRotations({ vault: watched, store, auditKey: 'audit/1' });
    await rotations.plan({ kind: 'institution', institution: 'A1' }, { folder: path('not/there/yet') });
    expect(new Set(sizes)).toEqual(new Set([8_192]));
    expect(given.every((codes) => codes.every((byte) => byte === 0))).toBe(true);
    expect(readdirSync(path('.'))).toEqual([]);
  });

  test('takes the rows of the store where they fill pages', async () => {
    const { rotations, store } = await openRotationWorld({ people: 60 });
    const { storeCodes } = await store.persons({ limit: 1 });
    let pages = 0;
    store.issuances = async (_, { limit }) => {
      const rows = pages++ === 0 ? limit : 808;
      const codes = Buffer.concat(Array.from({ length: rows }, () => storeCodes));
      return { storeCodes: codes, keyVersions: new Uint8Array(rows).fill(1) };
    };
    const { rates } = await rotations.plan({ kind: 'institution', institution: 'A1' });
    expect(rates?.reading).toBeGreaterThan(0);
    expect(rates?.basis).toMatchObject({ codes: '8192 store codes of this store', reading: 'this store' });
    expect(pages).toBe(2);
  });

  test('measures on an empty store too, and leaves no file', async () => {
    const [vault, store] = [await openRotationVault(), createMemoryStore()];
    await openIssuer({ vault, store });
    const rotations = await openRotations({ vault, store, auditKey: 'audit/1' });
    const { rates, estimate } = await rotations.plan({ kind: 'store' }, { folder: path('.') });
    expect(rates?.codes).toBeGreaterThan(0);
    expect(rates?.reading).toBeUndefined();
    expect(estimate).toMatchObject({ people: 0, pairs: 0 });
    expect(readdirSync(path('.'))).toEqual([]);
  });

  test('tells of a rotation that is in the way', async () => {
    const { rotations } = await openRotationWorld();
    await rotations.begin({ kind: 'institution', institution: 'A1' });
    const { warnings } = await rotations.plan({ kind: 'store' }, { measure: false });
    expect(warnings).toEqual(['rotation 1 (institution) is running: it must end first']);
  });
});

describe('what is asked of rotations', () => {
  test.each([
    [{ kind: 'nothing' }, 'OPTION_INVALID'],
    [undefined, 'OPTION_INVALID'],
    [{ kind: 'institution' }, 'OPTION_INVALID'],
    [{ kind: 'institution', institution: 'A1', versoin: 2 }, 'OPTION_UNKNOWN'],
    [{ kind: 'institution', institution: 'A-1' }, 'INSTITUTION_CODE_INVALID'],
    [{ kind: 'institution', institution: 'Z9' }, 'INSTITUTION_UNKNOWN'],
    [{ kind: 'institution', institution: 'A1', version: 1 }, 'VERSION_INVALID'],
    [{ kind: 'generation', source: 'nowhere' }, 'OPTION_INVALID'],
    [{ kind: 'record-period', close: '2026', open: '2026' }, 'OPTION_INVALID'],
    [{ kind: 'record-period', close: '2026', open: 'x y' }, 'RECORD_PERIOD_INVALID'],
  ])('%j is refused with %s', async (request, code) => {
    const { rotations } = await openRotationWorld({ people: 2 });
    const asked = request as Parameters<typeof rotations.begin>[0];
    await expect(rotations.plan(asked, { measure: false })).rejects.toMatchObject({ code });
    await expect(rotations.begin(asked)).rejects.toMatchObject({ code });
  });

  test('an audit key is an audit key', async () => {
    const [vault, store] = [await openRotationVault(), createMemoryStore()];
    await expect(openRotations({ vault, store, auditKey: 'link/1' })).rejects.toMatchObject({
      code: 'KEY_NAME_INVALID',
    });
  });
});
