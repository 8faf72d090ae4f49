import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type LogStore, openAuditLog, RenkeiError, shipLog } from 'renkei';
import { type LogVerification, verifyLog, verifyLogLines } from 'renkei/audit';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { type AuditValues, readAuditArguments } from './audit-arguments.js';
import { readGivenFile } from './given-file.js';
import { openExistingRecords } from './open-store.js';
import { PinReader } from './pin-reader.js';
import { printVerification } from './print-verification.js';
import { readPublicKey } from './public-key-file.js';
import { requireOption } from './require-option.js';
import { tokenOptions } from './token-options.js';

const STORE_USAGE =
  'give the record file: --records-sqlite PATH | --records-postgres-env NAME [--schema NAME]';
const FIRST_AUDIT_KEY = 'audit/1';

/** Where text goes, and where lines come from. */
export interface AuditStreams {
  /** Resolves when there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** Lines for `verify-lines` without a file. */
  readonly input: NodeJS.ReadableStream;
}

/**
 * Runs `npm run audit`.
 *
 * @returns how many findings there are
 * @throws RenkeiError an option error, a store error or a vault error
 */
export async function runAudit(
  args: readonly string[],
  { write, input }: AuditStreams,
  signal: AbortSignal,
): Promise<number> {
  const { command, operands, values } = readAuditArguments(args);
  const report = async (verification: LogVerification) => {
    await write(printVerification(verification));
    return verification.count;
  };
  if (command === 'verify-lines') {
    const trust = await trustOf(values);
    const lines = await linesOf(operands[0], input);
    return report(await verifyLogLines({ ...trust, lines, signal }));
  }
  await using store = await openRecords(values);
  if (command === 'verify') return report(await verifyLog({ ...(await trustOf(values)), store, signal }));
  if (command === 'checkpoint') await write(await checkpoint(store, values));
  else await ship(store, values, write, signal);
  return 0;
}

function openRecords(values: AuditValues) {
  const { 'records-sqlite': sqlite, 'records-postgres-env': postgres, schema } = values;
  return openExistingRecords({ sqlite, postgres, schema }, STORE_USAGE);
}

/** What the verifier trusts. */
async function trustOf(values: AuditValues) {
  const paths = requireOption('public-key', values['public-key']);
  return {
    origin: requireOption('origin', values.origin),
    publicKeys: await Promise.all(paths.map(readPublicKey)),
    remembered: await checkpointsOf(values),
  };
}

function checkpointsOf({ checkpoint: paths = [] }: AuditValues): Promise<string[]> {
  return Promise.all(
    paths.map(async (path) => (await readGivenFile(path, 'a file of --checkpoint')).toString()),
  );
}

/** Lines of a file; where none is named, of the input. */
async function linesOf(
  path: string | undefined,
  input: NodeJS.ReadableStream,
): Promise<AsyncIterable<string>> {
  try {
    const stream = path === undefined ? input : (await open(path)).createReadStream();
    return createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } catch {
    throw new RenkeiError('OPTION_INVALID', 'the file of lines cannot be read');
  }
}

/** Signs a checkpoint; `--public-key` are earlier versions of the audit key here. */
async function checkpoint(store: LogStore, values: AuditValues): Promise<string> {
  const earlier = await Promise.all((values['public-key'] ?? []).map(readPublicKey));
  const [remembered, ...others] = await checkpointsOf(values);
  if (others.length > 0) throw new RenkeiError('OPTION_INVALID', '--checkpoint: give the largest one alone');
  const pin = await PinReader.fetch({ owner: 'user', env: values['pin-env'], fd: values['pin-fd'] });
  try {
    await using vault = await openPkcs11Vault(tokenOptions(values, pin));
    await using log = await openAuditLog({
      store,
      vault,
      auditKey: values['audit-key'] ?? FIRST_AUDIT_KEY,
      origin: requireOption('origin', values.origin),
      earlierKeys: earlier,
      ...(remembered === undefined ? {} : { remembered }),
    });
    return (await log.checkpoint()).note;
  } finally {
    pin?.wipe();
  }
}

async function ship(
  store: LogStore,
  values: AuditValues,
  write: AuditStreams['write'],
  signal: AbortSignal,
): Promise<void> {
  const { from = '0', follow = false } = values;
  if (!/^[0-9]{1,15}$/.test(from)) {
    throw new RenkeiError('OPTION_INVALID', '--from must be the index of an entry');
  }
  try {
    await shipLog({ store, from: Number(from), follow, write: ({ text }) => write(text), signal });
  } catch (error) {
    // To be interrupted is how following ends.
    const isEnd = follow && error instanceof RenkeiError && error.code === 'ABORTED';
    if (!isEnd) throw error;
  }
}
