import { readFile } from 'node:fs/promises';
import { type OperationLog, RenkeiError } from 'renkei';
import {
  addInstitution,
  addKeyVersion,
  addRecordPeriod,
  type CeremonyRecord,
  checkCeremonyRecord,
  destroyKey,
  formatCeremonyRecord,
  initialiseKeys,
  listKeys,
  lockDown,
  printCeremonyRecord,
  printKeyList,
  printRecordVerification,
  type TokenOptions,
  verifyCeremonyRecord,
} from 'renkei/pkcs11';
import { askTwice } from './ask-twice.js';
import { type CeremonyArguments, readArguments, readLevel } from './ceremony-arguments.js';
import { dryRun } from './dry-run.js';
import { logOf, openNamedRecords } from './named-records.js';
import { PinReader } from './pin-reader.js';
import { RecordFile } from './record-file.js';
import { requireOption } from './require-option.js';
import { tokenOptions } from './token-options.js';

/**
 * Runs one ceremony from its command line and gives what is to be printed.
 *
 * @throws RenkeiError
 */
export async function runCeremony(args: readonly string[]): Promise<string> {
  const asked = readArguments(args);
  const { values } = asked;
  if (values['dry-run'] === true) return dryRun(asked);
  if (asked.command === 'verify' && values.offline === true) return checkOffline(asked);
  const pins = await readPins(asked);
  try {
    const token = tokenOptions(values, pins.user);
    if (asked.command === 'list') return printKeyList(await listKeys(token));
    if (asked.command === 'verify') return await verify(asked, token);
    return await record(asked, token, pins.officer);
  } finally {
    pins.user?.wipe();
    pins.officer?.wipe();
  }
}

/** The user's PIN first, then the officer's where the level needs it: both may come down one descriptor. */
async function readPins({ values }: CeremonyArguments) {
  const user = await PinReader.fetch({ owner: 'user', env: values['pin-env'], fd: values['pin-fd'] });
  if (values.level === undefined || readLevel(values.level) !== 3) return { user, officer: undefined };
  const origin = { env: values['so-pin-env'], fd: values['so-pin-fd'] };
  return { user, officer: await PinReader.fetch({ owner: 'security officer', ...origin }) };
}

/** A ceremony, with the log that it is written down in. */
type Ceremony = (logged: { readonly log?: OperationLog }) => Promise<CeremonyRecord>;

/** A ceremony that changes the token: its record is written to the file and printed. */
async function record(
  asked: CeremonyArguments,
  token: TokenOptions,
  soPin: PinReader | undefined,
): Promise<string> {
  const path = requireOption('record', asked.values.record);
  const ceremony = await prepare(asked, token, soPin);
  // Before the first keys nothing has happened that could be on record.
  await using records = await openNamedRecords(asked.values, asked.command === 'init');
  const file = await RecordFile.reserve(path, '--record');
  let made: CeremonyRecord;
  try {
    made = await ceremony(records === undefined ? {} : { log: logOf(records) });
  } catch (error) {
    await file.giveUp();
    throw error;
  }
  const text = printCeremonyRecord(made);
  try {
    await file.write(formatCeremonyRecord(made));
  } catch {
    // What was done is done: the record must not be lost with the disk.
    process.stdout.write(`${formatCeremonyRecord(made)}\n${text}`);
    throw new RenkeiError(
      'OPTION_INVALID',
      'the file of --record could not be written: keep the record printed here',
    );
  }
  return text;
}

/** Checks what a ceremony is asked, and asks back where it must, before anything is done. */
async function prepare(
  { command, operands, values }: CeremonyArguments,
  token: TokenOptions,
  soPin: PinReader | undefined,
): Promise<Ceremony> {
  const recorded = { ...token, who: requireOption('who', values.who) };
  const [operand = ''] = operands;
  if (command === 'lock-down') {
    return (logged) =>
      lockDown({ ...recorded, ...logged, ...(operands.length === 0 ? {} : { keys: operands }) });
  }
  if (command === 'destroy') {
    const confirmations = await askTwice(operand, values['yes-destroy']);
    return (logged) => destroyKey({ ...recorded, ...logged, name: operand, confirmations });
  }
  const level = readLevel(requireOption('level', values.level));
  const making = { ...recorded, level, ...(soPin === undefined ? {} : { soPin: soPin.read }) };
  switch (command) {
    case 'add-institution':
      return (logged) => addInstitution({ ...making, ...logged, institution: operand });
    case 'add-version':
      return (logged) => addKeyVersion({ ...making, ...logged, of: operand });
    case 'add-record-period':
      return (logged) => addRecordPeriod({ ...making, ...logged, period: operand });
    default: {
      const { period } = values;
      return (logged) =>
        initialiseKeys({ ...making, ...logged, ...(period === undefined ? {} : { period }) });
    }
  }
}

async function verify({ operands: [path = ''] }: CeremonyArguments, token: TokenOptions): Promise<string> {
  const verification = await verifyCeremonyRecord({ ...token, record: await readRecord(path) });
  const report = printRecordVerification(verification);
  if (verification.matches) return report;
  process.stdout.write(report);
  throw new RenkeiError('CEREMONY_TOKEN_DIFFERS', 'the token is not as the record says');
}

async function checkOffline({ operands: [path = ''], values }: CeremonyArguments): Promise<string> {
  const publicKey = values['public-key'];
  const checked = checkCeremonyRecord({
    record: await readRecord(path),
    ...(publicKey === undefined ? {} : { publicKey }),
  });
  const known =
    publicKey === undefined
      ? 'The signature is right. Compare the fingerprint of the audit key with one that you trust.'
      : 'The signature is right, and by the audit key given.';
  return `${printCeremonyRecord(checked)}\n${known}\n`;
}

async function readRecord(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new RenkeiError('OPTION_INVALID', 'the record file cannot be read');
  }
}
