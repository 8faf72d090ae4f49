import type { FastifyInstance } from 'fastify';
import { type MediationOutcome, type Mediator, type RecordStore, RenkeiError } from 'renkei';
import Type from 'typebox';
import { requireOwn } from '../http/callers.js';
import type { Outbox } from '../http/outbox.js';
import { Problem } from '../http/problem.js';
import { closed, institution, moment, PROBLEMS, personCode, serialNumber, text } from '../http/schemas.js';
import { type ProviderMessage, requestMessage } from './messages.js';

/** What requests are served with. */
export interface Mediation {
  readonly mediator: Mediator;
  readonly store: RecordStore;
  readonly outbox: Outbox<ProviderMessage>;
}

const asked = closed(
  {
    requestId: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: "The inquirer's own name of the request: the same one again is answered as the first time",
    }),
    inquirer: institution('機関コード of the inquirer, whose certificate it must be'),
    code: personCode('the inquirer'),
    provider: institution('機関コード of the provider'),
    department: text(0, '部署名 of the inquirer'),
    affair: text(1, '事務, as the permission table names it'),
    procedure: Type.Optional(text(0, '事務手続き')),
    information: text(1, '特定個人情報, as the permission table names it'),
    items: Type.Array(text(1, '特定個人情報の項目'), { minItems: 1, maxItems: 100 }),
    nonDisclosure: Type.Optional(
      Type.Boolean({ description: '不開示該当: the person is not shown the record (個人情報保護法78条1項)' }),
    ),
    visibleFrom: Type.Optional(moment('The person is shown the record from then on')),
  },
  '提供の求め (令20条)',
);

const onRecord = {
  serial: serialNumber,
  repeated: Type.Boolean({ description: 'Whether it was on record before' }),
};
const answered = Type.Union([
  closed(
    {
      outcome: Type.Literal('forwarded'),
      ...onRecord,
      validUntil: moment('有効期間: the last moment at which the provider may answer'),
    },
    'The provider is notified (令26条1項)',
  ),
  closed({ outcome: Type.Literal('provider-has-no-code'), ...onRecord }, '令26条2項'),
  closed(
    { outcome: Type.Literal('not-permitted'), ...onRecord, reason: Type.String() },
    '令26条4項, 番号法21条2項',
  ),
  closed(
    { outcome: Type.Literal('invalid-code'), error: Type.String() },
    'The code leads to nobody: malformed, forged, of another institution, retired or never issued',
  ),
]);
type Answered = Type.Static<typeof answered>;

/** POST /v1/requests: mediates (媒介, 番号法21条, 令26条). The provider's code goes to the provider only. */
export function addRequests(app: FastifyInstance, mediation: Mediation): void {
  const { mediator, outbox } = mediation;
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/requests',
    {
      schema: {
        tags: ['inquirer'],
        summary: 'Asks a provider for information about a person (提供の求め)',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }) => {
      requireOwn(caller, body.inquirer);
      // Asked before anything is on record: a notice that has no room would be lost until the request comes again.
      if (outbox.isFull(body.provider)) throw new Problem('BACKLOG');
      const { visibleFrom, ...request } = body;
      const delay = visibleFrom === undefined ? {} : { visibleFrom: Date.parse(visibleFrom) };
      // Whoever is gone by now may ask again: what is on record is answered then.
      return answerOf(mediation, await mediator.mediate({ ...request, ...delay }));
    },
  );
}

async function answerOf({ store, outbox }: Mediation, outcome: MediationOutcome): Promise<Answered> {
  switch (outcome.status) {
    case 'forwarded': {
      const { serial, isRepeated, validUntil, notice } = outcome;
      if (!isRepeated || (await isUnanswered(store, serial)))
        outbox.put(notice.content.provider, requestMessage(notice));
      const until = new Date(validUntil).toISOString();
      return { outcome: 'forwarded', serial, repeated: isRepeated, validUntil: until };
    }
    case 'provider-has-no-code':
      return { outcome: outcome.status, serial: outcome.serial, repeated: outcome.isRepeated };
    case 'not-permitted': {
      const { serial, isRepeated, reason } = outcome;
      return { outcome: 'not-permitted', serial, repeated: isRepeated, reason };
    }
    case 'invalid-code':
      return { outcome: 'invalid-code', error: outcome.error };
    case 'refused':
      throw new RenkeiError(outcome.error, 'the request is refused');
  }
}

/** A request that is made again fills the outbox again after a crash, but not with what the provider has answered. */
async function isUnanswered(store: RecordStore, serial: number): Promise<boolean> {
  const [latest] = await store.latest([serial]);
  return latest !== undefined && latest.content.providedAt === undefined;
}
