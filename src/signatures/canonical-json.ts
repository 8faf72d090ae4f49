/**
 * JSON with the members of every object in ascending order of their names (by UTF-16 code units): one text for one
 * value. Without indentation this is RFC 8785 for values that hold no numbers but integers, which is all that
 * what this library signs holds.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(sorted(value), null, indent);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const given = value as Readonly<Record<string, unknown>>;
  // Without a prototype, "__proto__" is a member as any other.
  const inOrder: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(given).sort()) {
    if (given[name] !== undefined) inOrder[name] = sorted(given[name]);
  }
  return inOrder;
}
