/** Rows with aligned columns, one line each; the first column to the left, the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => row[c]?.length ?? 0)),
  );
  const cell = (text: string, c: number) =>
    c === 0 ? text.padEnd(widths[c] as number) : text.padStart(widths[c] as number);
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}
