import { describe, expect, it } from 'vitest';
import { syntheticResidents } from '../support/residents.js';
import { switchInstitution } from '../support/rotation-by-hand.js';
import { openSoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

describe('符号生成に関する統計: codes on record per institution, key version and day in Japan', () => {
  it('counts by the day in Japan, which changes at 15:00 UTC, and forgets who was deleted', async () => {
    let now = Date.UTC(2026, 3, 1, 14, 59);
    const world = await openSoftwareIssuer({ now: () => now });
    const { issuer } = world;
    const issue = (institution: string, first: number, count: number) =>
      issuer.issueBatch(institution, {
        acquisitionNumbers: acquisitionNumbers(count),
        residents: syntheticResidents(60, first, count),
      });
    await issue('B2', 0, 5);
    await issue('A1', 0, 2);
    now = Date.UTC(2026, 3, 1, 15);
    // Two of the three have their code from the day before.
    await issue('A1', 0, 3);
    await switchInstitution(world, 'B2', 2);
    await issue('B2', 5, 4);
    const row = (institution: string, keyVersion: number, day: string, issued: number) => ({
      institution,
      keyVersion,
      day,
      issued,
    });
    expect(await issuer.statistics()).toEqual([
      row('A1', 1, '2026-04-01', 2),
      row('A1', 1, '2026-04-02', 1),
      row('B2', 1, '2026-04-01', 5),
      row('B2', 2, '2026-04-02', 4),
    ]);
    await issuer.removePersons(syntheticResidents(60, 0, 2));
    expect(await issuer.statistics()).toEqual([
      row('A1', 1, '2026-04-02', 1),
      row('B2', 1, '2026-04-01', 3),
      row('B2', 2, '2026-04-02', 4),
    ]);
  });

  it.each([
    ['ABORTED', { signal: AbortSignal.abort() }],
    ['OPTION_UNKNOWN', { from: 'A1' }],
    ['OPTION_INVALID', { signal: true }],
  ])('fails with %s: %j', async (code, options) => {
    const { issuer } = await openSoftwareIssuer();
    await expect(issuer.statistics(options as never)).rejects.toThrow(withCode(code as never));
  });
});
