/**
 * True for a text that every database and every file in UTF-8 gives back as it was given: without halves of surrogate
 * pairs and without the character 0.
 */
export function isKeptText(value: unknown): value is string {
  return typeof value === 'string' && !/[\0\p{Surrogate}]/u.test(value);
}
