import assert from 'node:assert/strict';

/** Holds that an answer has these properties; it may have others. */
export function assertMatches(
  answer: object | undefined,
  expected: Readonly<Record<string, unknown>>,
  what = 'the answer',
): void {
  const properties = answer as Readonly<Record<string, unknown>> | undefined;
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, properties?.[name]]));
  assert.deepEqual(found, expected, found.error === expected.error ? undefined : `${what}: ${found.error}`);
}
