import type { FastifyInstance } from 'fastify';
import type { AnswerOutcome } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { closed, moment, PROBLEMS, serialNumber } from '../http/schemas.js';
import { requestMessageId } from './messages.js';
import type { Mediation } from './requests.js';

const asked = closed({ serial: serialNumber }, 'That the request of this number was answered');
const provided = moment('提供の日時 on record');
const answered = Type.Union([
  closed({ outcome: Type.Literal('answered'), providedAt: provided }, 'It is on record now'),
  closed({ outcome: Type.Literal('already-answered'), providedAt: provided }, 'It was on record before'),
  closed({ outcome: Type.Literal('lapsed'), validUntil: moment('有効期間') }, '命令85 41条3項'),
  closed({ outcome: Type.Literal('unknown') }, 'This provider was sent no notice of this number'),
]);

/** POST /v1/answers: a provider says that it has answered the inquirer (命令85 46条2項). */
export function addAnswers(app: FastifyInstance, { mediator, outbox }: Mediation): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/answers',
    {
      schema: {
        tags: ['provider'],
        summary: 'Says that a request was answered',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body: { serial } }) => {
      const { institution: provider } = requireRole(caller, 'institution');
      const outcome = await mediator.answer({ provider, serial });
      // Whatever it was, there is nothing to answer any more.
      outbox.acknowledge(provider, requestMessageId(serial));
      return answerOf(outcome);
    },
  );
}

function answerOf(outcome: AnswerOutcome): Type.Static<typeof answered> {
  switch (outcome.status) {
    case 'answered':
    case 'already-answered':
      return { outcome: outcome.status, providedAt: new Date(outcome.providedAt).toISOString() };
    case 'lapsed':
      return { outcome: 'lapsed', validUntil: new Date(outcome.validUntil).toISOString() };
    case 'unknown':
      return { outcome: 'unknown' };
  }
}
