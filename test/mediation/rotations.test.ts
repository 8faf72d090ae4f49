import { parsePerInstitutionCode } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, test } from 'vitest';
import { type MediationWorld, NOON, openMediationWorld, requestOf } from '../support/mediation-world.js';
import { testKeys } from '../support/named-keys.js';
import { beginGenerationRotation, succeedAll, switchInstitution } from '../support/rotation-by-hand.js';
import { KEY_NAMES } from '../support/software-issuer.js';
import { withCode } from '../support/with-code.js';

let world: MediationWorld;
const code = (person: number) => world.codes.a[person] as string;

beforeEach(async () => {
  const keys = testKeys([...KEY_NAMES, 'institution/C3/2', 'link/2', 'store/2']);
  world = await openMediationWorld({ vault: await openSoftwareVault({ keys }) });
});

describe("an institution's key is rotated while requests are served", () => {
  test('the provider is told its code under the new version, also of a request of before', async () => {
    await world.mediator.mediate(requestOf(code(0)));
    await switchInstitution(world, 'B2', 2);
    const again = await world.mediator.mediate(requestOf(code(0)));
    if (again.status !== 'forwarded') throw new Error(again.status);
    expect(again).toMatchObject({ serial: 1, isRepeated: true });
    expect(parsePerInstitutionCode(again.notice.content.code).version).toBe(2);
    const [translated] = await world.issuer.translate([code(0)], { from: 'A1', to: 'B2' });
    expect(translated).toMatchObject({ code: again.notice.content.code });
  });

  test('an inquirer may use its old codes until they are retired, and is told which version is', async () => {
    const rotation = await switchInstitution(world, 'A1', 2);
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ status: 'forwarded' });
    await rotation.retire();
    expect(await world.mediator.mediate(requestOf(code(0)))).toEqual({
      index: 0,
      status: 'invalid-code',
      error: 'CODE_VERSION_RETIRED',
      version: 1,
    });
  });

  test('the same request under the new code of the same person is the same', async () => {
    await world.mediator.mediate(requestOf(code(0)));
    await switchInstitution(world, 'A1', 2);
    const [held] = await world.issuer.translate([world.codes.b[0] as string], { from: 'B2', to: 'A1' });
    if (held?.status !== 'translated') throw new Error('no new code');
    expect(held.code).not.toBe(code(0));
    expect(await world.mediator.mediate(requestOf(held.code))).toMatchObject({ serial: 1, isRepeated: true });
  });
});

describe('the generation of linkage codes is rotated while requests are served', () => {
  const asked = { from: 'A1', period: '2026' };

  async function switchGeneration(): Promise<void> {
    const rotation = await beginGenerationRotation(world, ['A1', 'B2', 'C3']);
    await succeedAll(world, 2);
    await rotation.verify();
    await rotation.switchOver();
  }

  test('a new request is recorded under the new code, and the same again is the same', async () => {
    await switchGeneration();
    const { codes } = await world.issuer.recordCodes([code(0)], asked);
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ isRepeated: false });
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ isRepeated: true });
    const found = await world.records.personRecords({ period: '2026', recordCode: codes, limit: 9 });
    expect(found.map(({ serial }) => serial)).toEqual([1]);
  });

  test('a request of before waits until its record is under the new code: nothing wrong is answered', async () => {
    const before = (await world.issuer.recordCodes([code(0)], asked)).codes;
    await world.mediator.mediate(requestOf(code(0)));
    await switchGeneration();
    const again = () => world.mediator.mediate(requestOf(code(0)));
    await expect(again()).rejects.toThrow(withCode('RECORDS_OUTDATED', { retryable: true }));
    // Whether it is another person cannot be said either.
    await expect(world.mediator.mediate(requestOf(code(1)))).rejects.toThrow(withCode('RECORDS_OUTDATED'));

    const after = (await world.issuer.recordCodes([code(0)], asked)).codes;
    const pairs = { period: '2026', oldCodes: before, newCodes: after, generation: 2, at: NOON };
    await world.records.rekey(pairs);
    await world.records.settleGeneration('2026', 2, NOON);
    expect(await again()).toMatchObject({ status: 'forwarded', serial: 1, isRepeated: true });
    expect(await world.mediator.mediate(requestOf(code(1)))).toMatchObject({ error: 'REQUEST_CONFLICT' });
  });

  test('what was opened before the switch and comes to the file after the records were moved is not recorded', async () => {
    await world.mediator.mediate(requestOf(code(0)));
    const append = world.records.append.bind(world.records);
    world.records.append = async (batch, options) => {
      world.records.append = append;
      const { codes } = await world.issuer.recordCodes([code(0)], asked);
      await switchGeneration();
      const newCodes = (await world.issuer.recordCodes([code(0)], asked)).codes;
      await world.records.rekey({ period: '2026', oldCodes: codes, newCodes, generation: 2, at: NOON });
      return append(batch, options);
    };
    const late = world.mediator.mediate(requestOf(code(1), 'R-2'));
    await expect(late).rejects.toThrow(withCode('KEYS_CHANGED', { retryable: true }));
    expect(await world.mediator.mediate(requestOf(code(1), 'R-2'))).toMatchObject({ isRepeated: false });
  });

  test('a record moved to its new code between two looks is found to be of the same person', async () => {
    const before = (await world.issuer.recordCodes([code(0)], asked)).codes;
    await world.mediator.mediate(requestOf(code(0)));
    await switchGeneration();
    const after = (await world.issuer.recordCodes([code(0)], asked)).codes;
    const { periods } = world.records;
    world.records.periods = async () => {
      const pairs = { period: '2026', oldCodes: before, newCodes: after, generation: 2, at: NOON };
      await world.records.rekey(pairs);
      await world.records.settleGeneration('2026', 2, NOON);
      return periods.call(world.records);
    };
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ isRepeated: true });
  });
});
