import { institutionAudience, linkKey } from '../../codes/key-names.js';
import { audiencesWithTwoActive } from '../key-states.js';
import type { StoreFinding, StoreInvariant } from '../port.js';
import type { KeyBook } from './key-book.js';
import type { People } from './people.js';

/** Holds every invariant that a caller can break against every row. */
export function findingsOf(keys: KeyBook, people: People): readonly StoreFinding[] {
  const broken = new Map<StoreInvariant, number>();
  const hold = (invariant: StoreInvariant, holds: boolean) => {
    if (!holds) broken.set(invariant, (broken.get(invariant) ?? 0) + 1);
  };
  for (const { generation, canonical } of people.rows.values()) {
    hold('person-generation-has-key', keys.has(linkKey(generation)));
    const own = canonical === undefined ? undefined : people.rows.get(canonical);
    hold(
      'alias-leads-to-person',
      canonical === undefined || (own !== undefined && own.canonical === undefined),
    );
  }
  for (const [institution, rows] of people.issuances) {
    for (const [code, { keyVersion }] of rows) {
      hold('issuance-version-has-key', keys.has(institutionAudience(institution, keyVersion)));
      hold('issuance-has-person', people.rows.has(code));
      hold('alias-has-no-issuance', people.rows.get(code)?.canonical === undefined);
    }
  }
  for (const code of people.succession.codes()) hold('succession-leads-from-person', people.rows.has(code));
  for (const _ of audiencesWithTwoActive(keys.all())) hold('audience-has-one-active-key', false);
  return [...broken].map(([invariant, rows]) => ({ invariant, rows }));
}
