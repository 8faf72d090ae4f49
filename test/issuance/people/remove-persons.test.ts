import { MAX_BATCH_ROWS, openIssuer } from 'renkei';
import { beforeEach, describe, expect, it } from 'vitest';
import { FaultyVault } from '../../support/faulty-vault.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const [A, B, C] = syntheticResidentTexts(40, 0, 3) as [string, string, string];
const MOMENT = Date.UTC(2026, 3, 1);

let world: SoftwareIssuer;
beforeEach(async () => {
  world = await openSoftwareIssuer({ now: () => MOMENT });
});

async function issue(institution: string, ...residents: string[]) {
  const request = { acquisitionNumbers: acquisitionNumbers(residents.length), residents };
  const result = await world.issuer.issueBatch(institution, request);
  return [...result].map((item) => (item.status === 'issued' ? item.code : item.status));
}

const outcomes = async (from: string, texts: string[], to: string) =>
  Array.from(await world.issuer.translate(texts, { from, to }), (item) =>
    item.status === 'refused' ? item.error : item.status,
  );

describe('物理削除: a person is deleted by resident record code', () => {
  it('says what it removed, and an institution’s code of the person is CODE_NOT_ISSUED afterwards', async () => {
    const [a1, other] = (await issue('A1', A, B)) as [string, string];
    await switchInstitution(world, 'B2', 2);
    const [b2] = (await issue('B2', A)) as [string];
    expect([...(await world.issuer.removePersons([A]))]).toEqual([
      {
        index: 0,
        status: 'removed',
        residentRecordCodes: 1,
        issuances: [
          { institution: 'A1', keyVersion: 1, issuedAt: MOMENT },
          { institution: 'B2', keyVersion: 2, issuedAt: MOMENT },
        ],
      },
    ]);
    expect(await outcomes('A1', [a1, other], 'A1')).toEqual(['CODE_NOT_ISSUED', 'translated']);
    expect(await outcomes('B2', [b2], 'A1')).toEqual(['CODE_NOT_ISSUED']);
    const recordCodes = world.issuer
      .registerRecordPeriod('2026')
      .then(() => world.issuer.recordCodes([a1], { from: 'A1', period: '2026' }));
    expect((await recordCodes).refusals).toEqual([{ index: 0, code: 'CODE_NOT_ISSUED' }]);
    expect(await world.store.count()).toMatchObject({ persons: 1, aliases: 0, issuances: 1 });
  });

  it.each([
    ['the old', A],
    ['the new', B],
    ['the newest', C],
  ])('%s of several resident record codes names the person, and all of them go', async (_, named) => {
    await issue('A1', A);
    await world.issuer.changeResidentRecordCodes({ old: [A, B], new: [B, C] });
    const [item] = await world.issuer.removePersons([named]);
    expect(item).toMatchObject({
      status: 'removed',
      residentRecordCodes: 3,
      issuances: [{ institution: 'A1' }],
    });
    expect(await world.store.count()).toMatchObject({ persons: 0, aliases: 0, issuances: 0 });
  });

  it('again changes nothing and says so, in one batch and in another', async () => {
    await issue('A1', A);
    const statuses = async (...residents: string[]) =>
      Array.from(await world.issuer.removePersons(residents), ({ status }) => status);
    expect(await statuses(A, A, B)).toEqual(['removed', 'not-held', 'not-held']);
    expect(await statuses(A)).toEqual(['not-held']);
  });

  it('issuing again gives a person whose resident record code was never changed the same code, as newly issued', async () => {
    const before = await issue('A1', A);
    await world.issuer.removePersons([A]);
    expect(await issue('A1', A)).toEqual(before);
    expect(await outcomes('A1', before, 'A1')).toEqual(['translated']);
  });

  it('under a newer key version it gives a new code, and the old one stays gone', async () => {
    const before = await issue('A1', A);
    await world.issuer.removePersons([A]);
    await switchInstitution(world, 'A1', 2);
    const after = await issue('A1', A);
    expect(after).not.toEqual(before);
    expect(await outcomes('A1', [...before, ...after], 'A1')).toEqual(['CODE_NOT_ISSUED', 'translated']);
  });

  it('after a change, who is issued to again under the new resident record code is another person', async () => {
    const before = await issue('A1', A);
    await world.issuer.changeResidentRecordCodes({ old: [A], new: [B] });
    await world.issuer.removePersons([B]);
    const after = await issue('A1', B);
    expect(after).not.toEqual(before);
    expect(await outcomes('A1', [...before, ...after], 'A1')).toEqual(['CODE_NOT_ISSUED', 'translated']);
    expect(await issue('A1', A)).toEqual(before);
    expect(await world.store.count()).toMatchObject({ persons: 2, aliases: 0 });
  });

  it('clears a conflict: once the person wrongly made under the new code is gone, the change is recorded', async () => {
    const [code] = await issue('A1', A);
    await issue('A1', B);
    const change = async () =>
      (await world.issuer.changeResidentRecordCodes({ old: [A], new: [B] })).at(0)?.status;
    expect(await change()).toBe('conflict');
    await world.issuer.removePersons([B]);
    expect(await change()).toBe('changed');
    const [again] = await world.issuer.issueBatch(
      'A1',
      { acquisitionNumbers: ['X'], residents: [B] },
      { reissue: true },
    );
    expect(again).toMatchObject({ status: 'already-issued', code });
  });

  it('a malformed item is refused by its index, the others are served', async () => {
    await issue('A1', A, B);
    const result = await world.issuer.removePersons([A, '1', B, `${A}0`]);
    expect([...result].map((item) => (item.status === 'refused' ? item.error : item.status))).toEqual([
      'removed',
      'RESIDENT_RECORD_CODE_LENGTH',
      'removed',
      'INDIVIDUAL_NUMBER_REFUSED',
    ]);
    expect(result.length).toBe(4);
    expect([result.at(4), result.at(-1)]).toEqual([undefined, undefined]);
  });
});

describe('a deletion that fails as a whole', () => {
  it.each<[string, unknown, object?]>([
    ['OPTION_INVALID', A],
    ['OPTION_INVALID', undefined],
    ['BUFFER_LENGTH', new Uint8Array(12)],
    ['BATCH_TOO_LARGE', Array.from({ length: MAX_BATCH_ROWS + 1 }, () => A)],
    ['OPTION_UNKNOWN', [A], { reissue: true }],
    ['ABORTED', [A], { signal: AbortSignal.abort() }],
  ])('with %s deletes nobody', async (code, residents, options) => {
    await issue('A1', A);
    await expect(world.issuer.removePersons(residents as never, options as never)).rejects.toThrow(
      withCode(code as never),
    );
    expect(await world.store.count()).toMatchObject({ persons: 1, issuances: 1 });
  });

  it.each([
    ['success', {}, undefined],
    ['a wrong option', { no: 1 }, undefined],
    ['a vault that fails', {}, 'MODULE_FAULT' as const],
  ])('or not: packed residents are wiped after %s', async (_, options, fault) => {
    const vault = new FaultyVault(world.vault as never);
    const issuer = await openIssuer({ vault: vault as never, store: world.store });
    if (fault !== undefined) vault.fail(fault, 'derive');
    const residents = syntheticResidents(40, 0, 3);
    await Promise.allSettled([issuer.removePersons(residents, options as never)]);
    expect(residents.every((byte) => byte === 0)).toBe(true);
  });
});
