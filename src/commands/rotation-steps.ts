import { RenkeiError, type Rotation, recordEraser } from 'renkei';
import { createPkcs11KeyDestroyer, openPkcs11Vault } from 'renkei/pkcs11';
import { confirmKeys } from './confirm-keys.js';
import { findOpen, findRotation } from './find-rotation.js';
import { given } from './given.js';
import { leaveReceipt } from './leave-receipt.js';
import { printRotationPlan } from './print-rotation-plan.js';
import { readResidentList } from './resident-list.js';
import type { RotationArguments } from './rotation-arguments.js';
import { readRequest } from './rotation-request.js';
import { checkingEngine, type RotationSession } from './rotation-session.js';
import type { RotationSettings } from './rotation-settings.js';
import { workParts } from './run-parts.js';

/** What a command is given to work with. */
export interface StepInput extends RotationArguments {
  readonly session: RotationSession;
  readonly settings: RotationSettings;
  readonly signal: AbortSignal;
}

type Step = (input: StepInput) => Promise<string>;

/** The commands that need the HSM and the store. Each gives what is to be printed. */
export const STEPS: Readonly<Record<Exclude<RotationArguments['command'], 'verify' | 'status'>, Step>> = {
  plan: async ({ session, settings, values, signal }) => {
    const { people, institutions, folder } = settings;
    const options = { ...given({ people, institutions, folder }), signal };
    const plan = await session.rotations.plan(readRequest(values), options);
    return values.json === true ? `${JSON.stringify(plan, null, 2)}\n` : printRotationPlan(plan);
  },

  run: async (input) => {
    const { session, settings, values, signal } = input;
    const { folder = '', sampleSize } = settings;
    const engine = checkingEngine(values);
    const rotation = await beginOrFind(input);
    const { status } = await workParts(rotation, settings, signal);
    if (status !== 'running' && status !== 'verified') {
      throw new RenkeiError('ROTATION_STATUS', `rotation ${rotation.id} is ${status}: resume it to go on`);
    }
    await using checkVault =
      engine === undefined ? undefined : await openPkcs11Vault({ ...session.token, engine });
    return await leaveReceipt(values.receipt, () =>
      rotation.verify({ folder, ...given({ sampleSize, checkVault }), signal }),
    );
  },

  work: async (input) => {
    const rotation = await find(input);
    const { status, done, parts, ownParts } = await workParts(rotation, input.settings, input.signal);
    return `rotation ${rotation.id}: ${status}, parts ${done} of ${parts}, of which this worker did ${ownParts}\n`;
  },

  receive: async (input) => {
    const [path = ''] = input.operands;
    const rotation = await find(input);
    const list = readResidentList(path);
    const { received, refused, unknown } = await rotation.receiveResidents(list, { signal: input.signal });
    return `received ${received}, refused ${refused}, not known to the store ${unknown}\n`;
  },

  pause: (input) => order(input, (rotation) => rotation.pause()),
  resume: (input) => order(input, (rotation) => rotation.resume()),
  abort: (input) => order(input, (rotation) => rotation.abort(given({ folder: input.settings.folder }))),

  switch: async (input) => {
    const { folder = '', graceMs } = input.settings;
    const rotation = await find(input);
    return leaveReceipt(input.values.receipt, () =>
      rotation.switch({ folder, ...given({ graceMs }), signal: input.signal }),
    );
  },

  retire: async (input) => {
    const rotation = await find(input);
    const eraser = eraserOf(input, rotation);
    return leaveReceipt(input.values.receipt, () =>
      rotation.retire({ ...given({ eraser }), signal: input.signal }),
    );
  },

  destroy: async (input) => {
    const rotation = await find(input);
    await confirmKeys(await rotation.keysToDestroy(), input.values['yes-destroy']);
    const destroyer = createPkcs11KeyDestroyer(input.session.token);
    const engine = checkingEngine(input.values);
    await using checkVault =
      engine === undefined ? undefined : await openPkcs11Vault({ ...input.session.token, engine });
    return await leaveReceipt(input.values.receipt, () =>
      rotation.destroy({ destroyer, ...given({ checkVault }), signal: input.signal }),
    );
  },
};

async function beginOrFind(input: StepInput): Promise<Rotation> {
  const { request, id } = input.settings;
  if (request === undefined) return find(input);
  if (id !== undefined) {
    throw new RenkeiError('OPTION_INVALID', 'a rotation is named by its number or by --kind, not by both');
  }
  const { rotations } = input.session;
  const open = await findOpen(input.session, request);
  return open === undefined ? rotations.begin(request) : rotations.get(open.id);
}

/**
 * Erases a period's rows in the record file at hand; of one that is elsewhere the operator says how many were erased.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
function eraserOf(
  { session: { records }, settings: { erasedRows: rows }, signal }: StepInput,
  { kind }: Rotation,
) {
  if (records === undefined || kind !== 'record-period')
    return rows === undefined ? undefined : { erase: async () => ({ rows }) };
  if (rows === undefined) return recordEraser({ store: records, signal });
  throw new RenkeiError(
    'OPTION_INVALID',
    'rows are erased in the record file that is named, or said to be erased by --erased-rows, not both',
  );
}

function find({ session, command, settings }: StepInput): Promise<Rotation> {
  return findRotation(session, command, settings.id);
}

async function order(input: StepInput, give: (rotation: Rotation) => Promise<void>): Promise<string> {
  const rotation = await find(input);
  await give(rotation);
  return `rotation ${rotation.id}: ${await rotation.status()}\n`;
}
