import { RenkeiError, type Rotation } from 'renkei';
import { createPkcs11KeyDestroyer, openPkcs11Vault } from 'renkei/pkcs11';
import { confirmKeys } from './confirm-keys.js';
import { findOpen, findRotation } from './find-rotation.js';
import { leaveReceipt } from './leave-receipt.js';
import { printRotationPlan } from './print-rotation-plan.js';
import { requireOption } from './require-option.js';
import { readResidentList } from './resident-list.js';
import { type RotationArguments, readArguments, readNumber } from './rotation-arguments.js';
import { readRequest } from './rotation-request.js';
import { checkingEngine, openStoreOf, type RotationSession, withSession } from './rotation-session.js';
import { rotationStatus } from './rotation-status.js';
import { workParts } from './run-parts.js';
import { verifyReceipts } from './verify-receipts.js';

type Step = (session: RotationSession, asked: RotationArguments, signal: AbortSignal) => Promise<string>;

/**
 * Runs one command of a rotation from its command line and gives what is to be printed.
 *
 * @throws RenkeiError
 */
export async function runRotation(args: readonly string[], signal: AbortSignal): Promise<string> {
  const asked = readArguments(args);
  const { command, operands, values } = asked;
  if (command === 'verify') return verifyReceipts(operands, values);
  if (command === 'status') {
    await using store = await openStoreOf(values);
    return await rotationStatus(store, operands[0], values.json === true);
  }
  return withSession(values, (session) => STEPS[command](session, asked, signal));
}

const STEPS: Readonly<Record<Exclude<RotationArguments['command'], 'verify' | 'status'>, Step>> = {
  plan,
  run,
  receive,
  switch: switchOver,
  retire,
  destroy,
  work: async (session, { operands, values }, signal) => {
    const rotation = await findRotation(session, operands[0]);
    const { status, done, parts, ownParts } = await workParts(rotation, values, signal);
    return `rotation ${rotation.id}: ${status}, parts ${done} of ${parts}, of which this worker did ${ownParts}\n`;
  },
  pause: (session, { operands }) => order(session, operands[0], (rotation) => rotation.pause()),
  resume: (session, { operands }) => order(session, operands[0], (rotation) => rotation.resume()),
  abort: (session, { operands }) => order(session, operands[0], (rotation) => rotation.abort()),
};

async function plan({ rotations }: RotationSession, { values }: RotationArguments, signal: AbortSignal) {
  const people = readNumber('people', values.people, 1, 10_000_000_000);
  const institutions = readNumber('institutions', values.institutions, 1, 100_000);
  const made = await rotations.plan(readRequest(values), {
    ...(people === undefined ? {} : { people }),
    ...(institutions === undefined ? {} : { institutions }),
    signal,
  });
  return values.json === true ? `${JSON.stringify(made, null, 2)}\n` : printRotationPlan(made);
}

/** Begins the rotation or goes on with it, works until all parts are done, and verifies. Again gives the receipt again. */
async function run(session: RotationSession, { operands, values }: RotationArguments, signal: AbortSignal) {
  const folder = requireOption('folder', values.folder);
  const sampleSize = readNumber('sample', values.sample, 0, 100_000);
  const engine = checkingEngine(values);
  const rotation = await beginOrFind(session, operands[0], values);
  const { status } = await workParts(rotation, values, signal);
  if (status !== 'running' && status !== 'verified') {
    throw new RenkeiError('ROTATION_STATUS', `rotation ${rotation.id} is ${status}: resume it to go on`);
  }
  await using checkVault =
    engine === undefined ? undefined : await openPkcs11Vault({ ...session.token, engine });
  return await leaveReceipt(values.receipt, () =>
    rotation.verify({
      folder,
      signal,
      ...(sampleSize === undefined ? {} : { sampleSize }),
      ...(checkVault === undefined ? {} : { checkVault }),
    }),
  );
}

async function beginOrFind(
  session: RotationSession,
  operand: string | undefined,
  values: RotationArguments['values'],
): Promise<Rotation> {
  if (values.kind === undefined) return findRotation(session, operand);
  if (operand !== undefined) {
    throw new RenkeiError('OPTION_INVALID', 'a rotation is named by its number or by --kind, not by both');
  }
  const request = readRequest(values);
  const open = await findOpen(session, request);
  return open === undefined ? session.rotations.begin(request) : session.rotations.get(open.id);
}

async function receive(session: RotationSession, { operands }: RotationArguments, signal: AbortSignal) {
  const [path = '', id] = operands;
  const rotation = await findRotation(session, id);
  const { received, refused, unknown } = await rotation.receiveResidents(readResidentList(path), { signal });
  return `received ${received}, refused ${refused}, not known to the store ${unknown}\n`;
}

async function order(
  session: RotationSession,
  operand: string | undefined,
  give: (rotation: Rotation) => Promise<void>,
): Promise<string> {
  const rotation = await findRotation(session, operand);
  await give(rotation);
  return `rotation ${rotation.id}: ${await rotation.status()}\n`;
}

async function switchOver(
  session: RotationSession,
  { operands, values }: RotationArguments,
  signal: AbortSignal,
) {
  const folder = requireOption('folder', values.folder);
  const grace = readNumber('grace-seconds', values['grace-seconds'], 0, 10);
  const rotation = await findRotation(session, operands[0]);
  return leaveReceipt(values.receipt, () =>
    rotation.switch({ folder, signal, ...(grace === undefined ? {} : { graceMs: 1_000 * grace }) }),
  );
}

/** Records of a period are kept outside of this library: that they are erased, and how many, the operator says. */
async function retire(
  session: RotationSession,
  { operands, values }: RotationArguments,
  signal: AbortSignal,
) {
  const rows = readNumber('erased-rows', values['erased-rows'], 0, Number.MAX_SAFE_INTEGER);
  const rotation = await findRotation(session, operands[0]);
  const eraser = rows === undefined ? {} : { eraser: { erase: async () => ({ rows }) } };
  return leaveReceipt(values.receipt, () => rotation.retire({ ...eraser, signal }));
}

async function destroy(
  session: RotationSession,
  { operands, values }: RotationArguments,
  signal: AbortSignal,
) {
  const rotation = await findRotation(session, operands[0]);
  await confirmKeys(await rotation.receipts(), values['yes-destroy']);
  const destroyer = createPkcs11KeyDestroyer(session.token);
  return leaveReceipt(values.receipt, () => rotation.destroy({ destroyer, signal }));
}
