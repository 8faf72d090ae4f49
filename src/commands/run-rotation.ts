import { readArguments } from './rotation-arguments.js';
import { openStoreOf, withSession } from './rotation-session.js';
import { readSettings } from './rotation-settings.js';
import { rotationStatus } from './rotation-status.js';
import { STEPS } from './rotation-steps.js';
import { verifyReceipts } from './verify-receipts.js';

/**
 * Runs one command of a rotation from its command line and gives what is to be printed.
 *
 * @param signal gives up; what was done is kept, and the same command goes on
 * @throws RenkeiError
 */
export async function runRotation(args: readonly string[], signal: AbortSignal): Promise<string> {
  const asked = readArguments(args);
  const { command, operands, values } = asked;
  if (command === 'verify') return verifyReceipts(operands, values);
  const settings = readSettings(asked);
  if (command === 'status') {
    await using store = await openStoreOf(values);
    return await rotationStatus(store, settings.id, values.json === true);
  }
  return withSession(values, (session) => STEPS[command]({ ...asked, session, settings, signal }));
}
