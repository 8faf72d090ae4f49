/**
 * JSON with the members of every object in ascending order of their names (by UTF-16 code units): one text for one
 * value. Without indentation this is RFC 8785 for values that hold no numbers but integers, which is all that
 * what this library signs holds.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(sorted(value), null, indent);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, member]) => [k, sorted(member)]),
  );
}
