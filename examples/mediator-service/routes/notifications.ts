import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { disconnection } from '../http/disconnection.js';
import type { Outbox } from '../http/outbox.js';
import { closed, institution, moment, PROBLEMS, personCode, serialNumber } from '../http/schemas.js';
import type { ProviderMessage } from './messages.js';
import { person } from './person.js';

const LONGEST_WAIT_SECONDS = 25;

const query = closed(
  {
    after: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{12}\\.[0-9]{1,15}$',
        description: 'The cursor of the answer before',
      }),
    ),
    wait: Type.Optional(
      Type.String({
        pattern: '^([0-9]|1[0-9]|2[0-5])$',
        description: 'Seconds to wait while there is nothing, 0 to 25. Default 0',
      }),
    ),
  },
  'Where to go on',
);

const request = closed(
  {
    kind: Type.Literal('request'),
    id: Type.String({ description: 'Name of the notice' }),
    serial: serialNumber,
    code: personCode('the provider'),
    inquirer: institution('機関コード of the inquirer'),
    inquirerName: Type.String({ description: '情報照会者の名称' }),
    department: Type.String({ description: '部署名' }),
    affair: Type.String({ description: '事務名' }),
    procedure: Type.String({ description: '事務手続き' }),
    information: Type.String({ description: '特定個人情報名' }),
    items: Type.Array(Type.String({ description: '特定個人情報の項目' })),
    nonDisclosure: Type.Boolean({ description: '不開示該当' }),
    requestedAt: moment('提供の求めの日時'),
    validUntil: moment('有効期間'),
  },
  'A request that is to be answered (令26条1項, 命令85 41条). POST /v1/answers takes it away',
);
const acquisition = closed(
  {
    kind: Type.Literal('acquisition'),
    id: Type.String({ description: 'Name of the notice' }),
    serial: serialNumber,
    inquirer: institution('機関コード of the inquirer'),
    inquirerName: Type.String({ description: '情報照会者の名称' }),
    person,
  },
  'A code that is to be acquired (令26条3項). DELETE /v1/notifications/ID takes it away',
);
const answered = closed(
  {
    notifications: Type.Array(Type.Union([request, acquisition])),
    cursor: Type.String({ description: 'Goes into `after` of the next call' }),
  },
  'Notices that are not answered yet, in their order',
);
const params = closed({ id: Type.String({ pattern: '^acquisition-[0-9]{1,16}$' }) }, 'Name of the notice');

/** GET and DELETE /v1/notifications: what an institution is asked as provider, under its own codes. */
export function addNotifications(app: FastifyInstance, outbox: Outbox<ProviderMessage>): void {
  app.get<{ Querystring: Type.Static<typeof query> }>(
    '/v1/notifications',
    {
      schema: {
        tags: ['provider'],
        summary: 'Requests that are to be answered',
        querystring: query,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async (request, reply): Promise<Type.Static<typeof answered>> => {
      const { institution } = requireRole(request.caller, 'institution');
      const { after, wait = '0' } = request.query;
      const waitMs = Math.min(Number(wait), LONGEST_WAIT_SECONDS) * 1_000;
      const { notices, cursor } = await outbox.fetch(institution, after, waitMs, disconnection(reply));
      request.requireCurrent();
      return { notifications: notices.map(notificationOf), cursor };
    },
  );

  app.delete<{ Params: Type.Static<typeof params> }>(
    '/v1/notifications/:id',
    {
      schema: {
        tags: ['provider'],
        summary: 'Takes a notice away: the code is being acquired',
        params,
        response: { 204: { type: 'null', description: 'It is gone, or was not there' }, ...PROBLEMS },
      },
    },
    async ({ caller, params: { id } }, reply) => {
      outbox.acknowledge(requireRole(caller, 'institution').institution, id);
      return reply.code(204).send();
    },
  );
}

function notificationOf({
  id,
  ...message
}: ProviderMessage): Type.Static<typeof request | typeof acquisition> {
  if (message.kind === 'acquisition') {
    const { serial, inquirer, inquirerName, person } = message.content;
    return { kind: 'acquisition', id, serial, inquirer, inquirerName, person };
  }
  const { provider: _, items, requestedAt, validUntil, branch: __, ...others } = message.content;
  return {
    ...others,
    kind: 'request',
    id,
    items: [...items],
    requestedAt: new Date(requestedAt).toISOString(),
    validUntil: new Date(validUntil).toISOString(),
  };
}
