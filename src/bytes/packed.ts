import { RenkeiError } from '../errors/renkei-error.js';

/**
 * The number of rows in a packed batch: rows of one width, one behind the other, nothing between them.
 *
 * @throws RenkeiError `BUFFER_LENGTH` when the length is no multiple of the width, or the value no `Uint8Array`
 */
export function rowCount(packed: Uint8Array, width: number, what: string): number {
  if (!(packed instanceof Uint8Array)) {
    throw new RenkeiError('BUFFER_LENGTH', `${what} must be a Uint8Array of rows of ${width} bytes`);
  }
  if (packed.length % width !== 0) {
    throw new RenkeiError('BUFFER_LENGTH', `${what}: ${packed.length} bytes are not whole rows of ${width}`);
  }
  return packed.length / width;
}

/** A view on one row of a packed batch. */
export function row(packed: Uint8Array, width: number, index: number): Uint8Array {
  return packed.subarray(index * width, (index + 1) * width);
}

/** A copy that shares nothing with what was given. `slice` is none: that of a `Buffer` is a view. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
