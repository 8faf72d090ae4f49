import type { Assurance, KeyAssurance } from '../port.js';

/** What holds for all of several vaults: the lowest level, and for every key the lowest of its levels. */
export function lowestAssurance(statements: readonly Assurance[]): Assurance {
  const keys = new Map<string, KeyAssurance>();
  for (const key of statements.flatMap((statement) => statement.keys)) {
    const seen = keys.get(key.name);
    if (seen === undefined || key.level < seen.level) keys.set(key.name, key);
  }
  const lowest = statements.reduce((a, b) => (b.level < a.level ? b : a));
  return { ...lowest, keys: [...keys.values()] };
}
