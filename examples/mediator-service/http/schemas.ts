import Type from 'typebox';

/**
 * What goes in and out, as JSON Schema: it checks requests, is all that answers can hold, and stands in the OpenAPI
 * description.
 */

/** An object that has no other members than these. */
export const closed = <Members extends Type.TProperties>(members: Members, description: string) =>
  Type.Object(members, { additionalProperties: false, description });

/** A text of a request. */
export const text = (least: number, description: string) =>
  Type.String({ minLength: least, maxLength: 1_000, description });

/** A moment as RFC 3339 writes it, in UTC. */
export const moment = (description: string) => Type.String({ format: 'date-time', description });

/** 機関コード. */
export const institution = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9]{1,32}$', description });

/** 情報提供用個人識別符号 in its external form. What is malformed is an outcome, not a fault of the request. */
export const personCode = (whose: string) =>
  Type.String({ minLength: 1, maxLength: 64, description: `情報提供用個人識別符号 of ${whose}` });

/** 処理通番. */
export const serialNumber = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: '処理通番',
});

/** Problem details, which every route refers to by its name. */
export const PROBLEM = {
  $id: 'Problem',
  ...closed(
    {
      type: Type.String({ format: 'uri' }),
      title: Type.String(),
      status: Type.Integer({ minimum: 400, maximum: 599 }),
      code: Type.String({
        description: 'Stable code: of docs/errors.md, or one of those in docs/mediator-service.md',
      }),
      retryable: Type.Boolean({ description: 'Whether the same request may be made again' }),
      instance: Type.String({ format: 'uri', description: 'Name of this answer in the log' }),
      fault: Type.Optional(
        closed(
          { pointer: Type.String(), rule: Type.String() },
          'Where the request is wrong: JSON pointer, and the rule of the description that is broken',
        ),
      ),
    },
    'Problem details of RFC 9457',
  ),
};
const problems = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
});

/** Answers that every route may give besides its own. */
export const PROBLEMS = {
  '4xx': problems('The request is refused'),
  '5xx': problems('The service cannot serve the request'),
};
