import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore, PersonPage } from '../stores/port.js';

/**
 * All people of a store, page by page.
 *
 * @param limit rows a page
 * @throws RenkeiError `STORE_CORRUPT` when a page does not lead on: the walk would never end
 */
export async function* personPages(
  store: IssuanceStore,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PersonPage, void, void> {
  let after: Uint8Array | undefined;
  for (;;) {
    const page = await store.persons({
      limit,
      ...(after === undefined ? {} : { after }),
      ...signalOption(signal),
    });
    const { storeCodes } = page;
    if (storeCodes.length > 0) {
      if (after !== undefined && Buffer.compare(storeCodes.subarray(0, CODE_LENGTH), after) <= 0) {
        throw new RenkeiError('STORE_CORRUPT', 'the store gives people out of order');
      }
      yield page;
      after = storeCodes.slice(-CODE_LENGTH);
    }
    if (storeCodes.length < limit * CODE_LENGTH) return;
  }
}
