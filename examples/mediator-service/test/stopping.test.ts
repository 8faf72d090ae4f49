import { readFileSync } from 'node:fs';
import { checkRecords } from 'renkei';
import { type LogVerification, verifyLog } from 'renkei/audit';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { makeScratchFolder } from '../../../test/support/scratch-folder.js';
import { LOG_ORIGIN } from '../core/core.js';
import { type Codes, permitted, readCodes } from './example-requests.js';
import { RunningService } from './running-service.js';

const REQUESTS = 100;
/** So many are answered before the service is stopped: the others are under way, or come too late. */
const ANSWERED_BEFORE = 20;

const scratch = makeScratchFolder();
const unlimited = ['--requests-per-second', '100000'];
let service: RunningService | undefined;
afterEach(async () => {
  await service?.stop();
});

/** What became of a request while the service went. */
interface Fate {
  readonly serial?: number;
  readonly refusal?: unknown;
}

/** Makes many requests at once; tells what became of each, by its number. */
function askMany(running: RunningService, codes: Codes, whenAnswered: (count: number) => void) {
  let answered = 0;
  return Promise.all(
    Array.from({ length: REQUESTS }, async (_, n): Promise<Fate> => {
      try {
        const answer = await running.send('city', 'POST', '/v1/requests', requestOf(codes, n));
        if (answer.status !== 200) return { refusal: (answer.json() as { readonly code: string }).code };
        whenAnswered(++answered);
        return answer.json() as { readonly serial: number };
      } catch {
        return { refusal: 'connection' };
      }
    }),
  );
}

const requestOf = (codes: Codes, n: number) => permitted(codes.city?.[n % 5], `load-${n}`);

/** Every request is made again: those that were answered have their record, and each number is given once. */
async function expectAllOnRecord(running: RunningService, codes: Codes, fates: readonly Fate[]) {
  const serials = new Set<number>();
  await Promise.all(
    fates.map(async ({ serial }, n) => {
      const again = await running.send('city', 'POST', '/v1/requests', requestOf(codes, n));
      const answer = again.json() as { readonly serial: number; readonly repeated: boolean };
      if (serial !== undefined) expect(answer).toMatchObject({ serial, repeated: true });
      serials.add(answer.serial);
    }),
  );
  expect([...serials].sort((a, b) => a - b)).toEqual(Array.from({ length: REQUESTS }, (_, n) => n + 1));
  return serials;
}

/** The operation log verifies with the audit key's public half, and the records agree with it. */
async function expectUntouched(folder: string): Promise<LogVerification> {
  await using store = await openSqliteRecordStore({ path: `${folder}/records.sqlite` });
  const publicKeys = [readFileSync(`${folder}/audit-key.der`)];
  const verification = await verifyLog({ store, publicKeys, origin: LOG_ORIGIN });
  expect(verification.findings).toEqual([]);
  for await (const finding of checkRecords(store)) expect(finding).toBeUndefined();
  return verification;
}

/** All notices that wait for the pension office, page after page. */
async function noticesOf(running: RunningService): Promise<readonly number[]> {
  const serials: number[] = [];
  for (let cursor = '', page = 0; page < REQUESTS; page++) {
    const answer = await running.send('pension', 'GET', `/v1/notifications${cursor && `?after=${cursor}`}`);
    const fetched = answer.json() as {
      readonly notifications: readonly { readonly serial: number }[];
      readonly cursor: string;
    };
    if (fetched.notifications.length === 0) break;
    serials.push(...fetched.notifications.map(({ serial }) => serial));
    cursor = fetched.cursor;
  }
  return serials;
}

describe('the service stops under load', () => {
  test('SIGTERM: every request is answered or refused, the log ends with a checkpoint, and a retry finds its record', async () => {
    const folder = scratch.path('stopped');
    const first = await RunningService.start(folder, ...unlimited);
    const codes = readCodes(first);
    const waiting = first.send('prefecture', 'GET', '/v1/notifications?wait=25');
    const fates = await askMany(first, codes, (count) => {
      if (count === ANSWERED_BEFORE) first.signal('SIGTERM');
    });
    expect(await first.ended()).toBe(0);
    expect((await waiting).status).toBe(200);
    for (const { refusal } of fates) expect([undefined, 'STOPPING', 'connection']).toContain(refusal);
    expect(fates.filter(({ serial }) => serial !== undefined).length).toBeGreaterThanOrEqual(ANSWERED_BEFORE);

    const { size, signed } = await expectUntouched(folder);
    expect(signed).toBe(size);

    service = await RunningService.start(folder, ...unlimited);
    await expectAllOnRecord(service, codes, fates);
  }, 240_000);

  test('kill −9: what was answered is on record, and a retry notifies the provider again', async () => {
    const folder = scratch.path('killed');
    const first = await RunningService.start(folder, ...unlimited);
    const codes = readCodes(first);
    const fates = await askMany(first, codes, (count) => {
      if (count === ANSWERED_BEFORE) first.signal('SIGKILL');
    });
    expect(await first.ended()).toBe('SIGKILL');
    expect(fates.some(({ refusal }) => refusal === 'connection')).toBe(true);
    await expectUntouched(folder);

    service = await RunningService.start(folder, ...unlimited);
    expect(await noticesOf(service)).toEqual([]);
    const [answered] = fates.flatMap(({ serial }) => serial ?? []);
    await service.send('pension', 'POST', '/v1/answers', { serial: answered });
    const serials = await expectAllOnRecord(service, codes, fates);
    serials.delete(answered as number);
    expect(new Set(await noticesOf(service))).toEqual(serials);
  }, 240_000);
});

test('an institution that asks too often is told when to come again; the others are served', async () => {
  service = await RunningService.start(scratch.path('limited'), '--requests-per-second', '3');
  const { send } = service;
  const ask = (client: string) => send.call(service, client, 'GET', '/v1/notifications');
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask('city')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
  }
  expect((await ask('pension')).status).toBe(200);
}, 120_000);
