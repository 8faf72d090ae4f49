import type { FastifyInstance } from 'fastify';
import type { Records } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { closed, institution, PROBLEMS, serialNumber, text } from '../http/schemas.js';
import { receiptNumber } from './disclosures.js';

const change = Type.Object(
  {
    department: Type.Optional(text(0, '部署名')),
    affair: Type.Optional(text(1, '事務名')),
    procedure: Type.Optional(text(0, '事務手続き')),
    information: Type.Optional(text(1, '特定個人情報名')),
    items: Type.Optional(Type.Array(text(1, '特定個人情報の項目'), { minItems: 1, maxItems: 100 })),
  },
  { additionalProperties: false, minProperties: 1, description: 'What the record is to say' },
);
const asked = closed(
  {
    serial: serialNumber,
    change,
    reason: text(1, '記録事項変更事由: the person is shown it'),
    who: Type.String({ minLength: 1, maxLength: 100, description: 'The officer who corrects' }),
    receiptNumber,
  },
  '記録の訂正',
);
const answered = closed(
  {
    outcome: Type.Enum(['corrected', 'existed', 'conflict', 'unknown']),
    branch: Type.Optional(Type.Integer({ description: '処理通番の枝番 that holds now' })),
    notify: Type.Optional(Type.Array(institution('Whoever is to be told of it'))),
  },
  'What became of it',
);

/** POST /v1/corrections: a record is corrected by a further branch (番号法31条, 記録事項変更事由). */
export function addCorrections(app: FastifyInstance, records: Records): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/corrections',
    {
      schema: {
        tags: ['records officer'],
        summary: 'Corrects a record by a further branch',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }): Promise<Type.Static<typeof answered>> => {
      requireRole(caller, 'records-officer');
      const correction = await records.correct(body);
      const { outcome } = correction;
      if (outcome === 'unknown') return { outcome };
      const { branch } = correction.record;
      return { outcome, branch, ...(outcome === 'corrected' && { notify: [...correction.notify] }) };
    },
  );
}
