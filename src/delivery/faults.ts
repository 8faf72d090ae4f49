import type { FileHandle } from 'node:fs/promises';
import { fileFault } from '../errors/file-fault.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** The error for a file that is no delivery, or not as it was written. */
export function deliveryInvalid(why: string): RenkeiError {
  return new RenkeiError('DELIVERY_INVALID', `the delivery is refused: ${why}`);
}

/** Waits for a call of the file system. */
export async function onDisk<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileFault('DELIVERY_FAULT', "the delivery's file", what, error);
  }
}

/**
 * Fills a buffer from a place in a file.
 *
 * @throws RenkeiError `DELIVERY_INVALID` when the file ends before; `DELIVERY_FAULT`
 */
export async function readAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await onDisk(
      'reading',
      file.read(bytes, done, bytes.length - done, position + done),
    );
    if (bytesRead === 0) throw deliveryInvalid('it is cut off');
    done += bytesRead;
  }
}

/** Writes all of a buffer behind what was written before. */
export async function append(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await onDisk('writing', file.write(bytes, done, bytes.length - done));
    done += bytesWritten;
  }
}
