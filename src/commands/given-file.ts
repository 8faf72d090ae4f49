import { readFile } from 'node:fs/promises';
import { RenkeiError } from 'renkei';

/**
 * A file that the command line names.
 *
 * @param what it is, for the error
 * @throws RenkeiError `OPTION_INVALID`
 */
export async function readGivenFile(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch {
    throw new RenkeiError('OPTION_INVALID', `${what} cannot be read`);
  }
}
