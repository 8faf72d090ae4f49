/** Writes rows as a table with aligned columns; full-width characters count twice. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => width(row[c] ?? ''))),
  );
  const total = widths.reduce((sum, w) => sum + w, 0) + 2 * (columns - 1);
  console.log(`\n${title}\n${'─'.repeat(total)}`);
  for (const row of rows) {
    console.log(
      row
        .map((cell, c) => cell + ' '.repeat((widths[c] as number) - width(cell)))
        .join('  ')
        .trimEnd(),
    );
  }
  console.log('─'.repeat(total));
}

function width(text: string): number {
  let columns = 0;
  for (const letter of text) columns += /[\u1100-\u115f\u2e80-\uffe6]/.test(letter) ? 2 : 1;
  return columns;
}
