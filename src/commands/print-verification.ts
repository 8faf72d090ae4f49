import type { LogFinding, LogVerification } from 'renkei/audit';

/** One line a finding, and one that sums up. */
export function printVerification({ findings, count, size, signed }: LogVerification): string {
  const lines = findings.map((finding) => `${lineOf(finding)}\n`);
  const more = count > findings.length ? `${count - findings.length} more are not listed\n` : '';
  const end =
    count > 0
      ? `findings: ${count}, entries ${size}, signed ${signed}`
      : `clean: entries ${size}, signed ${signed}`;
  return `${lines.join('')}${more}${end}\n`;
}

function lineOf({ finding, ...where }: LogFinding): string {
  const words = Object.entries(where).map(([name, value]) => `${name} ${value}`);
  return `${finding}: ${words.join(', ')}`;
}
