import { bytesToHex } from '@noble/hashes/utils.js';
import type { Findings } from './findings.js';

/**
 * Checks entries that come again, because what was sent is sent anew from an earlier place when nobody knows whether it
 * came in. They must form a chain among themselves, and come to the very entry that was the last one.
 */
export class RepeatedEntries {
  readonly #findings: Findings;
  #last: { readonly index: number; readonly hash: string } | undefined;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /**
   * Takes one.
   *
   * @param previous its link, in hex
   * @param known hash of the entry that has this place, where it is the last one
   */
  take(index: number, previous: string, hash: Uint8Array, known: Uint8Array | undefined): void {
    const doesFollow = this.#last?.index === index - 1;
    if (doesFollow && this.#last?.hash !== previous) {
      this.#findings.add({ finding: 'entry-changed', index: index - 1 });
    }
    this.#last = { index, hash: bytesToHex(hash) };
    if (known !== undefined && Buffer.compare(known, hash) !== 0) {
      this.#findings.add({ finding: 'entry-repeated', index });
    }
  }
}
