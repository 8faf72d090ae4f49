import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratchFolder } from '../../../test/support/scratch-folder.js';
import { INSTITUTIONS } from '../place/institutions.js';
import { type Codes, forged, permitted, readCodes } from './example-requests.js';
import { RunningService } from './running-service.js';

const scratch = makeScratchFolder();
const { city, pension, prefecture } = INSTITUTIONS;
let service: RunningService;
let codes: Codes;
beforeAll(async () => {
  service = await RunningService.start(scratch.path('service'));
  codes = readCodes(service);
}, 120_000);
afterAll(async () => {
  await service?.stop();
});

const ask = (body: unknown, client = 'city') => service.send(client, 'POST', '/v1/requests', body);
const noticesOf = async (client: string, query = '') => {
  const answer = await service.send(client, 'GET', `/v1/notifications${query}`);
  expect(answer.status).toBe(200);
  return answer.json() as {
    readonly notifications: readonly Readonly<Record<string, unknown>>[];
    readonly cursor: string;
  };
};

describe('POST /v1/requests (令26条)', () => {
  test('1項: the provider is notified under its own code, which the inquirer never sees', async () => {
    const answer = await ask(permitted(codes.city?.[0], 'first'));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ outcome: 'forwarded', serial: 1, repeated: false });
    expect(answer.text).not.toContain(codes.pension?.[0]);
    const { notifications } = await noticesOf('pension');
    expect(notifications).toMatchObject([
      {
        serial: 1,
        code: codes.pension?.[0],
        inquirer: city.code,
        inquirerName: city.name,
        department: '国民年金課',
        affair: '国民年金の保険料の免除に関する事務',
        items: ['年金の支給額'],
        nonDisclosure: false,
      },
    ]);
    expect(JSON.stringify(notifications)).not.toContain(codes.city?.[0]);
    expect((await noticesOf('city')).notifications).toEqual([]);
  });

  test('the same request again is answered as the first time, and notifies nobody twice', async () => {
    const request = permitted(codes.city?.[1], 'twice');
    const first = (await ask(request)).json();
    const { cursor } = await noticesOf('pension');
    expect((await ask(request)).json()).toEqual({ ...(first as object), repeated: true });
    expect((await noticesOf('pension', `?after=${cursor}`)).notifications).toEqual([]);
  });

  test('a request id that stands for another request is refused', async () => {
    await ask(permitted(codes.city?.[1], 'taken'));
    const refused = await ask(permitted(codes.city?.[2], 'taken'));
    expect(refused.status).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'REQUEST_CONFLICT', retryable: false });
  });

  test('2項: the provider holds no code of the person', async () => {
    const answer = await ask(permitted(codes.city?.[5], 'without-code'));
    expect(answer.json()).toMatchObject({ outcome: 'provider-has-no-code' });
  });

  test('番号法19条8号: what the table does not list is refused, and recorded', async () => {
    const answer = await ask({ ...permitted(codes.city?.[0], 'unlisted'), provider: prefecture.code });
    expect(answer.json()).toMatchObject({ outcome: 'not-permitted', reason: 'not-listed' });
    expect(answer.json()).toHaveProperty('serial');
  });

  test.each([
    ['forged', () => forged(codes.city?.[0] ?? ''), 'CODE_FORGED'],
    ['of another institution', () => codes.prefecture?.[0], 'CODE_FORGED'],
    ['malformed', () => 'x', 'CODE_LENGTH'],
  ])('a code that is %s leads to nobody', async (what, code, error) => {
    const answer = await ask(permitted(code(), `invalid-${what.length}`));
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ outcome: 'invalid-code', error });
  });

  test('nobody asks in the name of another institution', async () => {
    const refused = await ask(permitted(codes.city?.[0], 'impostor'), 'prefecture');
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'INSTITUTION_MISMATCH' });
  });

  test.each([
    ['a member that is not known', { more: 1 }, { pointer: '', rule: 'additionalProperties' }],
    ['an empty 事務', { affair: '' }, { pointer: '/affair', rule: 'minLength' }],
    ['a number as text', { nonDisclosure: 'true' }, { pointer: '/nonDisclosure', rule: 'type' }],
    ['no items', { items: [] }, { pointer: '/items', rule: 'minItems' }],
  ])('%s is refused by where it stands, without what stands there', async (_, changes, fault) => {
    const refused = await ask({ ...permitted(codes.city?.[0], 'wrong'), ...changes });
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ code: 'BODY_INVALID', fault });
    expect(refused.text).not.toContain(codes.city?.[0]);
  });

  test('a body that is no JSON is refused without being repeated', async () => {
    const secret = codes.city?.[0] ?? '';
    const refused = await ask(`{"code":"${secret}"`);
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ code: 'BODY_INVALID' });
    expect(refused.text).not.toContain(secret);
  });

  test('a body over 64 KiB is refused', async () => {
    const refused = await ask({
      ...permitted(codes.city?.[0], 'long'),
      items: Array(70).fill('あ'.repeat(1_000)),
    });
    expect(refused.status).toBe(413);
    expect(refused.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});

describe('GET /v1/notifications', () => {
  test('waits until there is something', async () => {
    const { cursor } = await noticesOf('pension');
    const waiting = noticesOf('pension', `?after=${cursor}&wait=25`);
    await ask(permitted(codes.city?.[3], 'awaited'));
    expect((await waiting).notifications).toMatchObject([{ code: codes.pension?.[3] }]);
  });

  test('a cursor of another start of the service begins from the front: nothing is missed', async () => {
    const all = await noticesOf('pension');
    const again = await noticesOf('pension', '?after=000000000000.99999');
    expect(again.notifications).toEqual(all.notifications);
  });
});

describe('POST /v1/answers, /v1/acquisitions, /v1/holders', () => {
  const send = (client: string, path: string, body: unknown) => service.send(client, 'POST', path, body);

  test('命令85 46条2項: the provider says once that it has answered; its notice is gone', async () => {
    const { serial } = (await ask(permitted(codes.city?.[4], 'to-answer'))).json() as {
      readonly serial: number;
    };
    const answered = (await send('pension', '/v1/answers', { serial })).json() as object;
    expect(answered).toMatchObject({ outcome: 'answered', providedAt: expect.any(String) });
    expect((await noticesOf('pension')).notifications.map((notice) => notice.serial)).not.toContain(serial);
    expect((await send('pension', '/v1/answers', { serial })).json()).toEqual({
      ...answered,
      outcome: 'already-answered',
    });
    await ask(permitted(codes.city?.[4], 'to-answer'));
    expect((await noticesOf('pension')).notifications.map((notice) => notice.serial)).not.toContain(serial);
  });

  test('nobody else answers in its place, nor learns that there is such a number', async () => {
    expect((await send('prefecture', '/v1/answers', { serial: 1 })).json()).toEqual({ outcome: 'unknown' });
    expect((await send('prefecture', '/v1/answers', { serial: 99_999 })).json()).toEqual({
      outcome: 'unknown',
    });
  });

  test('令26条3項: a provider without a code is told whose it is to acquire, until it says that it does', async () => {
    const { serial } = (await ask(permitted(codes.city?.[5], 'to-acquire'))).json() as {
      readonly serial: number;
    };
    const person = { name: '架空 花子', birthDate: '1970-01-31', sex: '女', address: '架空市一丁目' };
    const asked = { inquirer: city.code, serial, person };
    expect((await send('prefecture', '/v1/acquisitions', asked)).status).toBe(403);
    expect((await send('city', '/v1/acquisitions', asked)).json()).toEqual({ outcome: 'asked' });
    const { notifications } = await noticesOf('pension');
    const notice = notifications.find(({ kind }) => kind === 'acquisition');
    expect(notice).toEqual({
      kind: 'acquisition',
      id: `acquisition-${serial}`,
      serial,
      inquirer: city.code,
      inquirerName: city.name,
      person,
    });
    expect((await service.send('pension', 'DELETE', `/v1/notifications/${notice?.id}`)).status).toBe(204);
    expect((await noticesOf('pension')).notifications.map(({ kind }) => kind)).not.toContain('acquisition');
    expect(service.log.join('\n')).not.toContain('花子');
  });

  test('命令85 40条3項: who holds a code is told for a 事務 that may ask, and to nobody else', async () => {
    const may = '年金である給付の支給に関する事務';
    const code = codes.pension?.[0];
    const asked = { inquirer: pension.code, code, affair: may };
    expect((await send('pension', '/v1/holders', asked)).json()).toMatchObject({
      outcome: 'found',
      institutions: { length: 4 },
    });
    expect((await send('pension', '/v1/holders', { ...asked, affair: '別の事務' })).json()).toEqual({
      outcome: 'not-permitted',
    });
    const another = { ...asked, inquirer: city.code, code: codes.city?.[0] };
    expect((await send('city', '/v1/holders', another)).json()).toEqual({ outcome: 'not-permitted' });
    expect((await send('pension', '/v1/holders', { ...asked, code: forged(code ?? '') })).json()).toEqual({
      outcome: 'invalid-code',
      error: 'CODE_FORGED',
    });
  });
});

test('no code of a person, and no name of a request, is in the log', () => {
  const log = service.log.join('\n');
  expect(log).toContain('/v1/requests');
  expect(log).toContain(pension.code);
  expect(log).not.toMatch(/[a-z2-7]{40}/);
  expect(log).not.toContain('without-code');
});
