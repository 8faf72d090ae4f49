/**
 * A buffer for a secret. Node.js keeps small typed arrays on the heap of V8, where a collection may copy them and
 * leave the old place as it is; an ArrayBuffer made by name lies outside.
 */
export function allocateOffHeap(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
