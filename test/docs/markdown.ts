/** Cells of the tables in a Markdown text, row by row, without headings and rules. Fenced text is left out. */
export function tableRows(text: string): string[][] {
  const rows: string[][] = [];
  const lines = withoutFences(text).split('\n');
  lines.forEach((line, index) => {
    const heading = /^\|[-: |]+\|$/.test(lines[index + 1] ?? '');
    if (!line.startsWith('|') || heading || /^\|[-: |]+\|$/.test(line)) return;
    rows.push(
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  });
  return rows;
}

/** A Markdown text without its fenced blocks. */
export function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** Lines under a heading, up to the next heading of the same or a higher rank. */
export function sectionUnder(text: string, heading: string): string {
  const rank = heading.indexOf(' ');
  const [, rest = ''] = text.split(`\n${heading}\n`);
  return rest.split(new RegExp(`^#{1,${rank}} `, 'm'))[0] ?? '';
}

/** The anchors GitHub gives the headings of a Markdown text. */
export function anchorsOf(text: string): Set<string> {
  const headings = withoutFences(text).match(/^#{1,6} .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
