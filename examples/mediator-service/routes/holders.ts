import type { FastifyInstance } from 'fastify';
import type { Mediator } from 'renkei';
import Type from 'typebox';
import { requireOwn } from '../http/callers.js';
import { closed, institution, PROBLEMS, personCode, text } from '../http/schemas.js';

const asked = closed(
  {
    inquirer: institution('機関コード of the inquirer'),
    code: personCode('the inquirer'),
    affair: text(1, '事務 for which it is asked'),
  },
  'Of whom the 通知先 are asked for',
);

const answered = Type.Union([
  closed(
    { outcome: Type.Literal('found'), institutions: Type.Array(institution('機関コード')) },
    'Institutions that hold a code of the person',
  ),
  closed({ outcome: Type.Literal('not-permitted') }, 'The 事務 is none for which this may be asked'),
  closed({ outcome: Type.Literal('invalid-code'), error: Type.String() }, 'The code leads to nobody'),
]);

/** POST /v1/holders: which institutions hold a code of a person (通知先, 命令85 40条3項). */
export function addHolders(app: FastifyInstance, mediator: Mediator): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/holders',
    {
      schema: {
        tags: ['inquirer'],
        summary: 'Institutions that hold a code of a person (通知先)',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }): Promise<Type.Static<typeof answered>> => {
      requireOwn(caller, body.inquirer);
      const outcome = await mediator.holders(body);
      switch (outcome.status) {
        case 'found':
          return { outcome: 'found', institutions: [...outcome.institutions] };
        case 'invalid-code':
          return { outcome: 'invalid-code', error: outcome.error };
        case 'not-permitted':
          return { outcome: 'not-permitted' };
      }
    },
  );
}
