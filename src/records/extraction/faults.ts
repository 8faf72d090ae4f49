import { RenkeiError } from '../../errors/renkei-error.js';

/** The error for an extraction that is not as it was made. */
export function extractionInvalid(why: string): RenkeiError {
  return new RenkeiError('EXTRACTION_INVALID', `the extraction is refused: ${why}`);
}

/** Waits for a call of the file system. Paths stay out of the error: they are the caller's. */
export async function onDisk<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const errno = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (typeof errno !== 'string' || error instanceof RenkeiError) throw error;
    throw new RenkeiError('EXTRACTION_FAULT', `a file of the extraction: ${what} failed (${errno})`);
  }
}
