import { formatPerInstitutionCode, openIssuer, parsePerInstitutionCode } from 'renkei';
import { beforeAll, describe, expect, it } from 'vitest';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const PEOPLE = 3;
const MOMENT = Date.UTC(2026, 3, 1);
const [CHANGED] = syntheticResidentTexts(51, 9, 1) as [string];

let world: SoftwareIssuer;
/** A1 has a code of all, B2 of the first two, C3 of the first. */
let a: string[];
let b: string[];
/** A genuine code of A1 that was never issued, and one with a bit flipped. */
let never: string;
let forged: string;

beforeAll(async () => {
  world = await openSoftwareIssuer({ now: () => MOMENT });
  await world.issuer.registerInstitution('C3');
  const issue = async (institution: string, count: number) => {
    const request = {
      acquisitionNumbers: acquisitionNumbers(count),
      residents: syntheticResidents(51, 0, count),
    };
    const result = await world.issuer.issueBatch(institution, request);
    return [...result].map((item) => (item.status === 'issued' ? item.code : ''));
  };
  a = await issue('A1', PEOPLE);
  await switchInstitution(world, 'B2', 2);
  b = await issue('B2', 2);
  await issue('C3', 1);
  const { codes } = await world.vault.derive(syntheticResidents(51, 999, 1), ['institution/A1/1' as never]);
  never = formatPerInstitutionCode(codes[0] as Uint8Array, 1);
  const flipped = parsePerInstitutionCode(a[0] as string).code.slice();
  flipped[5] = (flipped[5] as number) ^ 1;
  forged = formatPerInstitutionCode(flipped, 1);
});

const REFUSED = ['CODE_FORGED', 'CODE_NOT_ISSUED', 'CODE_LENGTH', 'CODE_CHARACTER'];
/** Codes that are refused so, in this order. */
const refusedTexts = () => [forged, never, '', (a[0] as string).toUpperCase()];
const refusals = (first: number) =>
  REFUSED.map((error, k) => ({ index: first + k, status: 'refused', error }));

describe('通知先 (命令85 40条3項): which institutions hold a code of the person', () => {
  const found = (index: number, ...institutions: string[]) => ({ index, status: 'found', institutions });

  it('are found from any institution’s code, whatever its key version', async () => {
    expect([...(await world.issuer.holders(a, { from: 'A1' }))]).toEqual([
      found(0, 'A1', 'B2', 'C3'),
      found(1, 'A1', 'B2'),
      found(2, 'A1'),
    ]);
    expect([...(await world.issuer.holders([b[1] as string], { from: 'B2' }))]).toEqual([
      found(0, 'A1', 'B2'),
    ]);
  });

  it('a code that is forged, never issued or malformed is refused by its index, the others are served', async () => {
    const result = await world.issuer.holders([a[2] as string, ...refusedTexts()], { from: 'A1' });
    expect([...result]).toEqual([found(0, 'A1'), ...refusals(1)]);
  });

  it('are those of the person after a change of the resident record code', async () => {
    const old = syntheticResidents(51, 1, 1);
    await world.issuer.changeResidentRecordCodes({ old, new: [CHANGED] });
    expect([...(await world.issuer.holders(a, { from: 'A1' }))].at(1)).toEqual(found(1, 'A1', 'B2'));
  });
});

describe('連携用符号管理情報: how a code was made and when', () => {
  it('gives scheme, generation, key version, the key’s fingerprint and 発行日時', async () => {
    const expected = async (index: number, version: number, institution: string) => ({
      index,
      status: 'found',
      scheme: 'RK1',
      generation: 1,
      keyVersion: version,
      keyFingerprint: await world.vault.fingerprint(`institution/${institution}/${version}` as never),
      issuedAt: MOMENT,
    });
    const ofA = await world.issuer.managementInformation(a, { from: 'A1' });
    expect([...ofA]).toEqual([
      await expected(0, 1, 'A1'),
      await expected(1, 1, 'A1'),
      await expected(2, 1, 'A1'),
    ]);
    const ofB = await world.issuer.managementInformation(b, { from: 'B2' });
    expect(ofB.at(1)).toEqual(await expected(1, 2, 'B2'));
  });

  it('a code that is forged, never issued or malformed is refused by its index, the others are served', async () => {
    const result = await world.issuer.managementInformation([...refusedTexts(), a[0] as string], {
      from: 'A1',
    });
    expect([...result].slice(0, REFUSED.length)).toEqual(refusals(0));
    expect(result.at(REFUSED.length)).toMatchObject({ status: 'found' });
  });
});

describe.each(['holders', 'managementInformation'] as const)('%s', (call) => {
  it.each([
    ['INSTITUTION_UNKNOWN', { from: 'Unknown' }],
    ['INSTITUTION_CODE_INVALID', { from: 'A 1' }],
    ['OPTION_INVALID', {}],
    ['OPTION_INVALID', { from: 'A1', signal: 5 }],
    ['OPTION_UNKNOWN', { from: 'A1', to: 'B2' }],
    ['ABORTED', { from: 'A1', signal: AbortSignal.abort() }],
  ])('fails as a whole with %s: %j', async (code, options) => {
    await expect(world.issuer[call](a, options as never)).rejects.toThrow(withCode(code as never));
  });

  it('opens nothing for an empty batch', async () => {
    const [vault, store] = [standIn(world.vault), standIn(world.store)];
    const issuer = await openIssuer({ vault: vault.object, store: store.object });
    expect((await issuer[call]([], { from: 'A1' })).length).toBe(0);
    expect([vault.calls.includes('translate'), store.calls.includes('lookUp')]).toEqual([false, false]);
  });

  it.each([
    ['is CODE_NOT_ISSUED for a person who is deleted while it runs', 'gone'],
    ['does not believe a store that leaves rows out of its answer', 'short'],
  ])('%s', async (_, fault) => {
    const answer = fault === 'short' ? [] : [call === 'holders' ? [] : undefined];
    const store = new Proxy(world.store, {
      get: (real, name) =>
        name === 'holders' || name === 'details'
          ? async () => answer
          : (Reflect.get(real, name, real) as () => unknown).bind(real),
    });
    const issuer = await openIssuer({ vault: world.vault, store });
    const asked = issuer[call]([a[0] as string], { from: 'A1' });
    if (fault === 'short') await expect(asked).rejects.toThrow(withCode('STORE_CORRUPT'));
    else expect((await asked).at(0)).toEqual({ index: 0, status: 'refused', error: 'CODE_NOT_ISSUED' });
  });
});
