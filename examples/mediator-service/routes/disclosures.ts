import type { FastifyInstance } from 'fastify';
import type { DisclosedContent, Records } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { closed, moment, PROBLEMS, personCode, serialNumber } from '../http/schemas.js';
import { INSTITUTIONS } from '../place/institutions.js';

/** 受付番号 of a disclosure. */
export const receiptNumber = Type.String({ pattern: '^[A-Za-z0-9./-]{1,64}$', description: '受付番号' });

/** Who discloses, as the operation log says. */
export const DISCLOSER = INSTITUTIONS.disclosure.name;

const asked = closed(
  {
    code: personCode('the disclosure system'),
    receiptNumber,
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: '`next` of the answer before' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  },
  'Whose records are to be disclosed',
);

const shown = closed(
  {
    status: Type.Literal('shown'),
    serial: serialNumber,
    branch: Type.Integer({ description: '処理通番の枝番 of the state that holds' }),
    inquirerName: Type.String({ description: '情報照会者の名称' }),
    department: Type.String({ description: '部署名' }),
    providerName: Type.String({ description: '情報提供者の名称' }),
    affair: Type.String({ description: '事務名' }),
    procedure: Type.String({ description: '事務手続き' }),
    information: Type.String({ description: '特定個人情報名' }),
    items: Type.Array(Type.String({ description: '特定個人情報の項目' })),
    requestedAt: moment('提供の求めの日時'),
    providedAt: Type.Optional(moment('提供の日時')),
    provision: Type.Enum(['provided', 'awaited', 'not-provided']),
    outcome: Type.Enum(['forwarded', 'provider-has-no-code', 'not-permitted']),
    refusal: Type.Optional(Type.String({ description: '番号法21条2項該当' })),
    corrections: Type.Array(
      closed({ branch: Type.Integer(), at: moment('When'), reason: Type.String() }, '記録事項変更事由'),
    ),
  },
  'A record (番号法23条)',
);
const withheld = closed(
  { status: Type.Literal('withheld'), basis: Type.String({ description: 'The provisions' }) },
  '不開示',
);
const answered = closed(
  {
    records: Type.Array(Type.Union([shown, withheld])),
    next: Type.Optional(Type.String({ description: 'Cursor of the next page; none on the last one' })),
    disclosedAt: moment('The moment for which it holds'),
    logEntry: Type.Integer({ description: 'Index of the entry of the operation log that says so' }),
  },
  'Records of a person, the newest first',
);

/** POST /v1/disclosures: a person's records (情報提供等の記録の開示), for the disclosure system. Each call is logged. */
export function addDisclosures(app: FastifyInstance, records: Records): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/disclosures',
    {
      schema: {
        tags: ['disclosure system'],
        summary: "A person's records (情報提供等の記録の開示)",
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }): Promise<Type.Static<typeof answered>> => {
      requireRole(caller, 'disclosure-system');
      const disclosure = await records.disclose({ ...body, who: DISCLOSER });
      return {
        records: Array.from(disclosure, (item) =>
          item.status === 'shown'
            ? shownRecord(item.content)
            : { status: 'withheld' as const, basis: item.basis },
        ),
        ...(disclosure.next !== undefined && { next: disclosure.next }),
        disclosedAt: new Date(disclosure.disclosedAt).toISOString(),
        logEntry: disclosure.entry,
      };
    },
  );
}

function shownRecord({ requestedAt, providedAt, items, corrections, ...others }: DisclosedContent) {
  return {
    ...others,
    status: 'shown' as const,
    items: [...items],
    requestedAt: new Date(requestedAt).toISOString(),
    ...(providedAt !== undefined && { providedAt: new Date(providedAt).toISOString() }),
    corrections: corrections.map(({ branch, at, reason }) => ({
      branch,
      at: new Date(at).toISOString(),
      reason,
    })),
  };
}
