import { generateIdentity } from 'age-encryption';
import { recordEraser } from 'renkei';
import { extractRecords, openExtraction } from 'renkei/extraction';
import { expect, test } from 'vitest';
import { ON_BEHALF, openRecordWorld, recordAbout } from '../support/record-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

test('no error and no log entry shows a code, a resident record code or a private key that came in a wrong place', async () => {
  const world = await openRecordWorld();
  const { records, file, vault, people, shown } = world;
  const [code] = shown;
  await recordAbout(world, code, [{}]);
  const [row] = await file.records({ limit: 1 });
  const recordCode = Buffer.from(row?.recordCode ?? []);
  const identity = await generateIdentity();
  const resident = people[0] as string;
  const request = { ...ON_BEHALF, code };
  const correction = { ...ON_BEHALF, serial: 1, change: { affair: 'x' }, reason: 'y' };
  const extraction = {
    ...ON_BEHALF,
    store: file,
    vault,
    auditKey: 'audit/1',
    path: path('x'),
    recipient: 'age1',
  };
  const opening = { path: path('x'), publicKey: await vault.publicKey('audit/1' as never), identity };
  const secrets = [
    code,
    code.slice(0, 39),
    resident,
    identity,
    recordCode.toString('hex'),
    recordCode.toString('base64'),
  ];
  const attempts: (() => unknown)[] = secrets.flatMap((secret) => [
    () => records.disclose({ ...request, code: `${secret}x` }),
    () => records.disclose({ ...request, cursor: secret }),
    () => records.disclose({ ...request, who: `of ${secret}\n` }),
    () => records.disclose({ ...request, receiptNumber: `${secret}!` }),
    () => records.disclose({ ...request, limit: secret as never }),
    () => records.disclose({ ...request, [secret]: 1 }),
    () => records.disclose(secret as never),
    () => records.correct({ ...correction, serial: secret as never }),
    () => records.correct({ ...correction, change: { [secret]: 1 } as never }),
    () => records.correct({ ...correction, change: { items: secret as never } }),
    () => records.correct({ ...correction, change: { requestedAt: secret as never } }),
    () => records.correct({ ...correction, reason: { secret } as never }),
    () =>
      records.takeInRecordCodes({
        period: secret,
        receipts: secret,
        folder: secret,
        publicKey: secret,
      } as never),
    () =>
      records.takeInRecordCodes({
        period: '2026',
        receipts: { verify: secret, switch: secret },
        folder: secret,
        publicKey: opening.publicKey,
      }),
    () => recordEraser({ store: file }).erase(`${secret}/${secret}`),
    () => extractRecords({ ...extraction, recipient: secret }),
    () => extractRecords({ ...extraction, filter: { period: `/${secret}` } }),
    () => extractRecords({ ...extraction, filter: { fromDay: secret } }),
    () => extractRecords({ ...extraction, filter: { inquirer: `${secret}!` } }),
    () => openExtraction({ ...opening, identity: `${secret}x` }),
    () => openExtraction({ ...opening, publicKey: secret }),
    () => openExtraction({ ...opening, path: path(secret) }),
  ]);
  for (const [k, attempt] of attempts.entries()) {
    const error = await Promise.resolve()
      .then(attempt)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error, `attempt ${k} must fail`).toMatchObject({ name: 'RenkeiError' });
    const { message, stack, cause } = error as Error;
    for (const secret of secrets) expect(`${message}${stack}`, `attempt ${k}`).not.toContain(secret);
    expect(cause).toBeUndefined();
  }
  await records.disclose(request);
  await records.correct(correction);
  const log = (await file.logEntries({ from: 0, limit: 1_000 })).join('\n');
  for (const secret of secrets) expect(log).not.toContain(secret);
  expect(log).toContain('records.corrected');
});
