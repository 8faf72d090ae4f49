import type { AttributeValue, ReadAttributes } from '../key-description.js';
import type { KeyLevel } from '../key-profile.js';
import type { CeremonyRecord, RecordedKey } from './ceremony-record.js';

const LEVEL_NAMES: Readonly<Record<KeyLevel, string>> = {
  3: 'hsm-enforced',
  2: 'hsm-sealed',
  1: 'host-visible',
};

/** A level as it is printed: `3 hsm-enforced`. */
export function printLevel(level: KeyLevel): string {
  return `${level} ${LEVEL_NAMES[level]}`;
}

/** An attribute's value as it is printed. */
export function printValue(value: AttributeValue): string {
  if (value === null) return 'unknown to the module';
  return typeof value === 'object' ? value.join(' ') : String(value);
}

/**
 * A ceremony record for paper: everything that the record file holds, the signature in full, and a line for the hand
 * of each person present.
 */
export function printCeremonyRecord(record: CeremonyRecord): string {
  const { token, module, signedBy } = record;
  return printLines([
    `CEREMONY RECORD, format ${record.version}`,
    '',
    ...fields([
      ['ceremony', record.ceremony],
      ['at', record.at],
      ['level', record.level === null ? 'none: keys were destroyed' : printLevel(record.level)],
      ...record.who.map((name, k): Field => [k === 0 ? 'present' : '', name]),
      ['token', `label ${token.label}, serial ${token.serial}`],
      ['', `${token.manufacturer}, ${token.model}`],
      ['', `firmware ${token.firmwareVersion}, hardware ${token.hardwareVersion}`],
      ['module', `${module.manufacturer}, ${module.description}`],
      ['', `library ${module.libraryVersion}, PKCS#11 ${module.cryptokiVersion}`],
    ]),
    ...record.keys.flatMap((key) => ['', ...keyLines(key)]),
    '',
    ...fields([
      ['signed by', `${signedBy.name}, fingerprint ${signedBy.fingerprint}`],
      ...inLines('public key', signedBy.publicKey),
      ...inLines('signature', record.signature),
    ]),
    '',
    ...record.who.map((name) => `signed by hand: ______________________  ${name}`),
    '',
  ]);
}

/**
 * Lines of text. Whoever can write a record file can sign it with a key of their own: nothing in it may add a line, or
 * move, hide or colour what the terminal shows of others.
 */
export function printLines(lines: readonly string[]): string {
  const visible = (character: string) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  return lines.map((line) => line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, visible)).join('\n');
}

type Field = readonly [name: string, value: string];

function fields(list: readonly Field[]): string[] {
  return list.map(([name, value]) => `${name.padEnd(12)}${value}`);
}

/** Long hex in lines that fit on paper and can be compared by eye. */
function inLines(name: string, hex: string): Field[] {
  return (hex.match(/.{1,64}/g) ?? []).map((part, k) => [k === 0 ? name : '', part]);
}

function keyLines(key: RecordedKey): string[] {
  return [
    `key ${key.name}: ${key.outcome}, fingerprint ${key.fingerprint}`,
    ...attributeLines(key.attributes),
    ...(key.publicHalf === undefined ? [] : ['  public half:', ...attributeLines(key.publicHalf.attributes)]),
    ...key.deviations.map(
      ({ attribute, expected, found }) =>
        `  NOT AS PLANNED: ${attribute} should be ${printValue(expected)}, is ${printValue(found)}`,
    ),
    ...key.unreadable.map(
      (name) => `  not read back: ${name} (a template can be set, not read; the proof of level tries it)`,
    ),
    ...key.refused.map(({ attempt, answer }) => `  refused: ${attempt}: ${answer}`),
  ];
}

function attributeLines(attributes: ReadAttributes): string[] {
  // Sorted, so that a record prints the same before it was written and after it was read.
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `  ${name.padEnd(24)}${printValue(value)}`);
}
