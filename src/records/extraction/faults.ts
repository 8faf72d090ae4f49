import { fileFault } from '../../errors/file-fault.js';
import { RenkeiError } from '../../errors/renkei-error.js';

/** The error for an extraction that is not as it was made. */
export function extractionInvalid(why: string): RenkeiError {
  return new RenkeiError('EXTRACTION_INVALID', `the extraction is refused: ${why}`);
}

/** Waits for a call of the file system. */
export async function onDisk<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileFault('EXTRACTION_FAULT', 'a file of the extraction', what, error);
  }
}
