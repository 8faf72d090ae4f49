/**
 * Overwrites buffers with zeros. Whoever owns a buffer with a secret calls this in a `finally`. JavaScript promises
 * no more: see "What it promises and what not" in the README.
 */
export function wipe(...buffers: readonly (ArrayBufferView | undefined)[]): void {
  for (const view of buffers) {
    if (view !== undefined) new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(0);
  }
}
