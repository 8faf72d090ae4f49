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

test('no code of a person, and no name of a request, is in the log', () => {
  const log = service.log.join('\n');
  expect(log).toContain('/v1/requests');
  expect(log).toContain(pension.code);
  expect(log).not.toMatch(/[a-z2-7]{40}/);
  expect(log).not.toContain('without-code');
});
