import fc from 'fast-check';
import { createMemoryStore, type IssuanceStore, MAX_BATCH_ROWS, openIssuer } from 'renkei';
import { beforeEach, describe, expect, it } from 'vitest';
import { FaultyVault } from '../../support/faulty-vault.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

/** Resident record codes, each of nobody until a test says so. */
const [A, B, C, D] = syntheticResidentTexts(30, 0, 4) as [string, string, string, string];

let world: SoftwareIssuer;
beforeEach(async () => {
  world = await openSoftwareIssuer();
});

/** Issues, or issues again, and gives status and code. */
async function issue(institution: string, residents: readonly string[]) {
  const request = { acquisitionNumbers: acquisitionNumbers(residents.length), residents };
  const result = await world.issuer.issueBatch(institution, request, { reissue: true });
  return [...result].map((item) => (item.status === 'refused' ? [item.error] : [item.status, item.code]));
}

/** The code an institution acquires for a person who is new to it. */
async function acquire(institution: string, resident: string): Promise<string> {
  const [[status, code] = []] = await issue(institution, [resident]);
  expect(status).toBe('issued');
  return code as string;
}

async function change(...pairs: readonly (readonly [string, string])[]): Promise<string[]> {
  const result = await world.issuer.changeResidentRecordCodes({
    old: pairs.map(([old]) => old),
    new: pairs.map(([, after]) => after),
  });
  return [...result].map((item) =>
    item.status === 'refused' ? `${item.which}: ${item.error}` : item.status,
  );
}

async function translate(code: string, from: string, to: string): Promise<string> {
  const [item] = await world.issuer.translate([code], { from, to });
  return item?.status === 'translated' ? item.code : String(item?.status);
}

describe('住基法30条の9の2第2項: a resident record code is changed, old and new given together', () => {
  it('an institution keeps its code: asked under the new one it has it already, and is given the very same again', async () => {
    const code = await acquire('A1', A);
    expect(await change([A, B])).toEqual(['changed']);
    expect(await issue('A1', [B])).toEqual([['already-issued', code]]);
    expect(await issue('A1', [A])).toEqual([['already-issued', code]]);
    expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 1, issuances: 1 });
  });

  it('令26条6項: translation and record codes lead to the same person as before', async () => {
    const a1 = await acquire('A1', A);
    const b2 = await acquire('B2', A);
    await world.issuer.registerRecordPeriod('2026');
    const recordCodes = () => world.issuer.recordCodes([a1], { from: 'A1', period: '2026' });
    const before = await recordCodes();
    await change([A, B]);
    expect(await translate(a1, 'A1', 'B2')).toBe(b2);
    expect(await translate(b2, 'B2', 'A1')).toBe(a1);
    expect(await recordCodes()).toEqual(before);
  });

  it('an institution that asks for the first time after the change gets the code it would have got before', async () => {
    const code = await acquire('A1', A);
    await change([A, B]);
    const underNew = await acquire('B2', B);
    expect(await translate(code, 'A1', 'B2')).toBe(underNew);
    const elsewhere = await openSoftwareIssuer();
    const [item] = await elsewhere.issuer.issueBatch('B2', { acquisitionNumbers: ['X'], residents: [A] });
    expect(item).toMatchObject({ status: 'issued', code: underNew });
  });

  it('a person nobody was issued a code for is known from then on', async () => {
    expect(await change([A, B])).toEqual(['changed']);
    expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 1, issuances: 0 });
    const code = await acquire('A1', A);
    expect(await issue('A1', [B])).toEqual([['already-issued', code]]);
  });

  it('the same change again, and a change back, say that it is done already', async () => {
    await acquire('A1', A);
    expect(await change([A, B], [A, B], [B, A])).toEqual(['changed', 'already-changed', 'already-changed']);
    expect(await change([A, B])).toEqual(['already-changed']);
    expect(await change([B, A])).toEqual(['already-changed']);
  });

  it('a chain of changes in one batch or in several leads to one person', async () => {
    const code = await acquire('A1', A);
    expect(await change([A, B], [B, C])).toEqual(['changed', 'changed']);
    expect(await change([C, D])).toEqual(['changed']);
    for (const resident of [A, B, C, D])
      expect(await issue('A1', [resident])).toEqual([['already-issued', code]]);
    expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 3, issuances: 1 });
  });

  it('重複の確認: a new code that is another person’s is a conflict, and changes nothing for either', async () => {
    const [a, b] = [await acquire('A1', A), await acquire('A1', B)];
    expect(await change([A, B], [A, C], [B, C])).toEqual(['conflict', 'changed', 'conflict']);
    expect(await issue('A1', [A, B, C])).toEqual([
      ['already-issued', a],
      ['already-issued', b],
      ['already-issued', a],
    ]);
    expect(await world.store.count()).toMatchObject({ persons: 2, aliases: 1, issuances: 2 });
  });

  it('packed residents and texts may be mixed, and give the same', async () => {
    const code = await acquire('A1', A);
    const packed = syntheticResidents(30, 1, 1);
    const [item] = await world.issuer.changeResidentRecordCodes({ old: [A], new: packed });
    expect(item).toEqual({ index: 0, status: 'changed' });
    expect(await issue('A1', [B])).toEqual([['already-issued', code]]);
  });

  it('issuing again under the new resident record code after a rotation gives the person’s code of the new version', async () => {
    const code = await acquire('A1', A);
    await switchInstitution(world, 'A1', 2);
    await change([A, B]);
    const [ofA] = await issue('A1', [A]);
    expect(await issue('A1', [B])).toEqual([ofA]);
    expect(ofA?.[0]).toBe('already-issued');
    expect(ofA?.[1]).not.toBe(code);
  });

  it('any number of changes among any people leaves every person’s codes as they were (令27条5項3号・4号)', async () => {
    const residents = syntheticResidentTexts(31, 0, 6);
    const resident = fc.integer({ min: 0, max: 5 });
    const pairs = fc.array(fc.tuple(resident, resident), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pairs, async (changes) => {
        world = await openSoftwareIssuer();
        const people = residents.slice(0, 3);
        const a1 = (await issue('A1', people)).map(([, code]) => code as string);
        const b2 = (await issue('B2', people)).map(([, code]) => code as string);
        /** The person a resident record code leads to; what nobody has yet leads to somebody new. */
        const leadsTo = residents.map((_, k) => k);
        const known = new Set([0, 1, 2]);
        for (const [old, after] of changes) {
          const [outcome] = await change([residents[old] as string, residents[after] as string]);
          if (old === after) expect(outcome).toBe('new: RESIDENT_RECORD_CODE_UNCHANGED');
          else if (leadsTo[old] === leadsTo[after]) expect(outcome).toBe('already-changed');
          else if (known.has(after)) expect(outcome).toBe('conflict');
          else {
            expect(outcome).toBe('changed');
            known.add(old).add(after);
            leadsTo[after] = leadsTo[old] as number;
          }
        }
        for (const [k, person] of leadsTo.entries()) {
          if (person > 2) continue;
          expect(await issue('A1', [residents[k] as string])).toEqual([['already-issued', a1[person]]]);
          expect(await translate(a1[person] as string, 'A1', 'B2')).toBe(b2[person]);
        }
        expect(await world.issuer.checkStore()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a change that is refused', () => {
  const malformed = `${A.slice(0, 10)}${(Number(A[10]) + 1) % 10}`;

  it.each([
    ['the old one malformed', malformed, B, 'old: RESIDENT_RECORD_CODE_CHECK_DIGIT'],
    ['the new one malformed', A, malformed, 'new: RESIDENT_RECORD_CODE_CHECK_DIGIT'],
    ['both malformed', malformed, malformed, 'old: RESIDENT_RECORD_CODE_CHECK_DIGIT'],
    ['too short', A.slice(1), B, 'old: RESIDENT_RECORD_CODE_LENGTH'],
    ['an Individual Number', A, `${A}0`, 'new: INDIVIDUAL_NUMBER_REFUSED'],
    ['old and new the same', A, A, 'new: RESIDENT_RECORD_CODE_UNCHANGED'],
  ])(
    'is named with which of the two is wrong, and the others are served: %s',
    async (_, old, after, refusal) => {
      await acquire('A1', A);
      expect(await change([old, after], [A, C])).toEqual([refusal, 'changed']);
      expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 1 });
    },
  );

  it('packed, is named by the row that is none', async () => {
    const old = syntheticResidents(30, 0, 2);
    old.fill(0, 0, 11);
    const result = await world.issuer.changeResidentRecordCodes({ old, new: syntheticResidents(30, 2, 2) });
    expect([...result]).toEqual([
      { index: 0, status: 'refused', error: 'RESIDENT_RECORD_CODE_CHARACTER', which: 'old' },
      { index: 1, status: 'changed' },
    ]);
  });

  it.each<[string, unknown, object | undefined]>([
    ['BUFFER_LENGTH', { old: [A, B], new: [C] }, {}],
    ['BUFFER_LENGTH', { old: new Uint8Array(12), new: [C] }, {}],
    ['OPTION_INVALID', { old: [A] }, {}],
    ['OPTION_INVALID', { new: [A] }, {}],
    ['OPTION_INVALID', A, {}],
    ['OPTION_INVALID', null, {}],
    ['OPTION_INVALID', { old: [A], new: [B] }, { signal: 5 }],
    ['OPTION_UNKNOWN', { old: [A], new: [B] }, { force: true }],
    ['ABORTED', { old: [A], new: [B] }, { signal: AbortSignal.abort() }],
    ['BATCH_TOO_LARGE', { old: blank(MAX_BATCH_ROWS + 1), new: blank(MAX_BATCH_ROWS + 1) }, {}],
  ])('as a whole fails with %s and changes nothing', async (code, changes, options) => {
    await acquire('A1', A);
    const call = world.issuer.changeResidentRecordCodes(changes as never, options as never);
    await expect(call).rejects.toThrow(withCode(code as never));
    expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 0 });
  });

  it('an empty batch touches neither vault nor store', async () => {
    const [vault, store] = [standIn(world.vault), standIn(world.store)];
    const issuer = await openIssuer({ vault: vault.object, store: store.object });
    const before = [vault.calls.length, store.calls.length];
    expect([...(await issuer.changeResidentRecordCodes({ old: [], new: [] }))]).toEqual([]);
    expect([vault.calls.length, store.calls.length]).toEqual(before);
  });

  it('by a store that leaves pairs out of its answer is not believed', async () => {
    const { vault } = world;
    const store = new Proxy(createMemoryStore(), {
      get: (real, name) => (name === 'change' ? async () => [] : Reflect.get(real, name, real).bind(real)),
    }) as IssuanceStore;
    const issuer = await openIssuer({ vault, store });
    await expect(issuer.changeResidentRecordCodes({ old: [A], new: [B] })).rejects.toThrow(
      withCode('STORE_CORRUPT'),
    );
  });
});

describe('packed residents of a change are wiped however it ends', () => {
  type Ending = (issuer: SoftwareIssuer['issuer'], vault: FaultyVault) => unknown;
  it.each<[string, Ending, object?]>([
    ['success', () => undefined],
    ['a wrong option', () => undefined, { no: 1 }],
    ['given up', () => undefined, { signal: AbortSignal.abort() }],
    ['a closed issuer', (issuer) => issuer.close()],
    ['a vault that fails', (_, vault) => vault.fail('MODULE_FAULT', 'derive')],
  ])('%s', async (_, prepare, options) => {
    const vault = new FaultyVault(world.vault as never);
    const issuer = await openIssuer({ vault: vault as never, store: world.store });
    await prepare(issuer, vault);
    const changes = { old: syntheticResidents(30, 0, 3), new: syntheticResidents(30, 3, 3) };
    await Promise.allSettled([issuer.changeResidentRecordCodes(changes, options as never)]);
    for (const residents of [changes.old, changes.new])
      expect(residents.every((byte) => byte === 0)).toBe(true);
  });

  it.each(['success', 'a vault that fails'])('and so is the packed copy of texts: %s', async (ending) => {
    const vault = new FaultyVault(world.vault as never);
    const issuer = await openIssuer({ vault: vault as never, store: world.store });
    if (ending !== 'success') vault.fail('MODULE_FAULT', 'derive');
    await Promise.allSettled([issuer.changeResidentRecordCodes({ old: [A], new: [B] })]);
    expect(vault.residents).toHaveLength(ending === 'success' ? 2 : 1);
    for (const residents of vault.residents)
      expect([...residents]).toEqual(Array.from({ length: 11 }, () => 0));
  });

  it('and lengths that differ', async () => {
    const changes = { old: syntheticResidents(30, 0, 3), new: syntheticResidents(30, 3, 2) };
    await expect(world.issuer.changeResidentRecordCodes(changes)).rejects.toThrow(withCode('BUFFER_LENGTH'));
    for (const residents of [changes.old, changes.new])
      expect(residents.every((byte) => byte === 0)).toBe(true);
  });
});

function blank(rows: number): string[] {
  return Array.from({ length: rows }, () => '');
}
