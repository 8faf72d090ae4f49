import { inspect } from 'node:util';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, test } from 'vitest';
import { FaultyVault } from '../../support/faulty-vault.js';
import { type MediationWorld, openMediationWorld } from '../../support/mediation-world.js';
import { testKeys } from '../../support/named-keys.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { withCode } from '../../support/with-code.js';

const PEOPLE = 6;
let world: MediationWorld;
let vault: FaultyVault;
/** A1's codes, with one that is malformed and one that is B2's among them. */
let texts: readonly string[];

beforeEach(async () => {
  vault = new FaultyVault((await openSoftwareVault({ keys: testKeys(KEY_NAMES) })) as never);
  world = await openMediationWorld({ people: PEOPLE, vault: vault as never });
  const { a, b } = world.codes;
  texts = [...a.slice(0, 2), 'malformed', b[0] as string, ...a.slice(2)];
});

describe('opening codes for a mediator (令26条)', () => {
  test('gives what translate and recordCodes give, and opens each code once', async () => {
    const translated = [...(await world.issuer.translate(texts, { from: 'A1', to: 'B2' }))];
    const { codes } = await world.issuer.recordCodes(texts, { from: 'A1', period: '2026' });
    const before = vault.count('translate');
    const mediated = await world.issuer.mediate(texts, { from: 'A1', to: 'B2', period: '2026' });
    expect(vault.count('translate')).toBe(before + 1);
    expect(mediated.generation).toBe(1);
    expect([...mediated]).toEqual(
      translated.map((item, index) => {
        if (item.status === 'refused') return item;
        const recordCode = Uint8Array.from(codes.subarray(index * 24, index * 24 + 24));
        const code = item.status === 'translated' ? { code: item.code } : {};
        return { index, status: 'opened', recordCode, ...code };
      }),
    );
    expect(inspect(mediated, { depth: 9 })).toContain('redacted');
  });

  test('without a provider, computes no code of one', async () => {
    const mediated = await world.issuer.mediate(texts, { from: 'A1', period: '2026' });
    for (const item of mediated) expect('code' in item).toBe(false);
    const opened = [...mediated].filter(({ status }) => status === 'opened');
    expect(opened).toHaveLength(PEOPLE);
  });

  test('takes codes of several versions of the key, and gives those of the version in force', async () => {
    await switchInstitution(world, 'A1', 2);
    await switchInstitution(world, 'B2', 2);
    const newer = await world.issueTo('A1', PEOPLE);
    const mixed = [world.codes.a[0] as string, newer[1] as string, newer[0] as string];
    const [first, second, third] = await world.issuer.mediate(mixed, {
      from: 'A1',
      to: 'B2',
      period: '2026',
    });
    const held = await world.issueTo('B2', 2);
    expect(first).toMatchObject({ code: held[0] });
    expect(second).toMatchObject({ code: held[1] });
    expect(third).toMatchObject({ code: held[0] });
    expect(first?.status === 'opened' && third?.status === 'opened' && first.recordCode).toEqual(
      third?.status === 'opened' && third.recordCode,
    );
  });

  test('a provider that is not registered holds no code; an inquirer that is not is refused as a whole', async () => {
    const [item] = await world.issuer.mediate(texts, { from: 'A1', to: 'D4', period: '2026' });
    expect(item).toMatchObject({ status: 'opened' });
    expect(item).not.toHaveProperty('code');
    const unknown = world.issuer.mediate(texts, { from: 'D4', to: 'B2', period: '2026' });
    await expect(unknown).rejects.toThrow(withCode('INSTITUTION_UNKNOWN'));
  });

  test('no code at all is legal; a period without a key is not', async () => {
    expect((await world.issuer.mediate([], { from: 'A1', to: 'B2', period: '2026' })).length).toBe(0);
    const unknown = world.issuer.mediate(texts, { from: 'A1', period: '2031' });
    await expect(unknown).rejects.toThrow(withCode('RECORD_PERIOD_UNKNOWN'));
    const wrong = world.issuer.mediate(texts, { from: 'A1', colour: 'red' } as never);
    await expect(wrong).rejects.toThrow(withCode('OPTION_UNKNOWN'));
  });
});
