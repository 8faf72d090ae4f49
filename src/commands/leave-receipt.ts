import { checkRotationReceipt, RenkeiError, type SignedReceipt } from 'renkei';
import { printReceipt } from './print-receipt.js';
import { RecordFile } from './record-file.js';

/**
 * Does a step that leaves a receipt: the receipt goes into the file, where one is named, and is printed in words.
 *
 * @param path of the file, which must not exist
 * @throws RenkeiError `OPTION_INVALID`, or what the step fails with
 */
export async function leaveReceipt(
  path: string | undefined,
  step: () => Promise<SignedReceipt>,
): Promise<string> {
  if (path === undefined) return printReceipt(checkRotationReceipt({ receipt: await step() }));
  const file = await RecordFile.reserve(path, '--receipt');
  let receipt: SignedReceipt;
  try {
    receipt = await step();
  } catch (error) {
    await file.giveUp();
    throw error;
  }
  try {
    await file.write(`${receipt}\n`);
  } catch {
    // The step is done. The store has the receipt too; here it is for the operator.
    process.stdout.write(`${receipt}\n`);
    throw new RenkeiError(
      'OPTION_INVALID',
      'the file of --receipt could not be written: keep the receipt printed here',
    );
  }
  return printReceipt(checkRotationReceipt({ receipt }));
}
