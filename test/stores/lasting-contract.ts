import { type IssuanceStore, parseInstitutionCode } from 'renkei';
import { afterEach, describe, expect, it } from 'vitest';
import { batchOf, registerInstitutions, storeCodes } from './contract.js';

const A = parseInstitutionCode('A1');

/**
 * What a store that outlives its process keeps to besides, for it may be open in several at once.
 *
 * @param newPlace names an empty place, such as a file
 * @param open opens a store there; again and again
 */
export function describeLastingStore(
  newPlace: () => string,
  open: (place: string) => Promise<IssuanceStore>,
): void {
  describe('opened again, or twice at once', () => {
    const stores: IssuanceStore[] = [];
    const openAt = async (place: string) => {
      const store = await open(place);
      stores.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });

    it('keeps everything over closing and opening', async () => {
      const place = newPlace();
      const first = await openAt(place);
      await registerInstitutions(first, A);
      await first.issue(batchOf(A, storeCodes(1, 2), { keyVersion: 3 }));
      const [keys, counts] = [await first.listKeys(), await first.count()];
      await first.close();
      const second = await openAt(place);
      expect([await second.listKeys(), await second.count()]).toEqual([keys, counts]);
      expect([...(await second.heldVersions(A, storeCodes(1, 2, 3)))]).toEqual([3, 3, 0]);
    });

    it('lets each connection see the rows of the other', async () => {
      const place = newPlace();
      const [one, other] = [await openAt(place), await openAt(place)];
      await registerInstitutions(one, A);
      await one.issue(batchOf(A, storeCodes(1, 2)));
      expect([...(await other.heldVersions(A, storeCodes(1, 2, 3)))]).toEqual([1, 1, 0]);
      expect([...(await other.issue(batchOf(A, storeCodes(3, 2), { keyVersion: 2 })))]).toEqual([0, 1]);
      expect([...(await one.issue(batchOf(A, storeCodes(3, 4))))]).toEqual([2, 0]);
    });
  });
}
