import type { KeyList } from './list-keys.js';
import { printLevel, printLines, printValue } from './print-record.js';
import type { RecordVerification } from './verify-record.js';

/** The keys of a token as a table. */
export function printKeyList({ token, module, keys, others }: KeyList): string {
  const rows = keys.map(({ name, objects, level, fingerprint }) => {
    if (objects > 1) return [name, `AMBIGUOUS: ${objects} objects`, ''];
    return [name, level === undefined ? 'signs' : printLevel(level), fingerprint ?? ''];
  });
  return printLines([
    `token ${token.label}, serial ${token.serial}, ${token.model}, firmware ${token.firmwareVersion}`,
    `module ${module.description}, library ${module.libraryVersion}`,
    '',
    ...table([['key', 'level by attributes', 'fingerprint'], ...rows]),
    '',
    `${others} other objects`,
    '',
  ]);
}

/** A record held against its token, key by key. */
export function printRecordVerification(verification: RecordVerification): string {
  const { record, sameSerial, sameAuditKey, keys, matches } = verification;
  return printLines([
    `record of ${record.at}, ${record.ceremony}; its signature is right`,
    `token serial ${record.token.serial}: ${sameSerial ? 'as recorded' : 'ANOTHER TOKEN'}`,
    `${record.signedBy.name} ${record.signedBy.fingerprint}: ${sameAuditKey ? 'as recorded' : 'NOT THIS AUDIT KEY'}`,
    ...keys.flatMap(({ name, status, differences }) => [
      `${name}: ${status}`,
      ...differences.map(
        ({ attribute, expected, found }) =>
          `  ${attribute} recorded ${printValue(expected)}, now ${printValue(found)}`,
      ),
    ]),
    matches ? 'The token is as the record says.' : 'THE TOKEN DIFFERS FROM THE RECORD.',
    '',
  ]);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, k) => cell.padEnd(widths[k] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
