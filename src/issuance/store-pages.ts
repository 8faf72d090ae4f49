import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore, PageRequest, PersonPage, StoreCallOptions } from '../stores/port.js';

/**
 * All people of a store, page by page.
 *
 * @param limit rows a page
 * @throws RenkeiError as {@link storePages}
 */
export function personPages(
  store: IssuanceStore,
  limit: number,
  options: StoreCallOptions,
): AsyncGenerator<PersonPage, void, void> {
  return storePages((page) => store.persons(page), limit, options);
}

/**
 * All rows of a store that are read in the order of their store codes, page by page.
 *
 * @param limit rows a page
 * @throws RenkeiError `STORE_CORRUPT` when a page does not lead on: the walk would never end
 */
export async function* storePages<Page extends { readonly storeCodes: Uint8Array }>(
  read: (page: PageRequest) => Promise<Page>,
  limit: number,
  options: StoreCallOptions,
): AsyncGenerator<Page, void, void> {
  let after: Uint8Array | undefined;
  for (;;) {
    const page = await read({
      limit,
      ...(after === undefined ? {} : { after }),
      ...options,
    });
    const { storeCodes } = page;
    if (storeCodes.length > 0) {
      if (after !== undefined && Buffer.compare(storeCodes.subarray(0, CODE_LENGTH), after) <= 0) {
        throw new RenkeiError('STORE_CORRUPT', 'the store gives rows out of order');
      }
      yield page;
      after = storeCodes.slice(-CODE_LENGTH);
    }
    if (storeCodes.length < limit * CODE_LENGTH) return;
  }
}
