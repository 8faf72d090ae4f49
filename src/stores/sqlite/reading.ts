import type { Database, Statement } from 'better-sqlite3';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkStoreCodes } from '../arguments.js';
import type {
  IssuanceDetails,
  IssuancePage,
  PageRequest,
  PersonPage,
  StoreCallOptions,
  StoreCounts,
} from '../port.js';
import type { KeyRecords } from './key-records.js';
import { orderCodes, SLICES, type Slices } from './ordered-codes.js';
import type { PersonCodes } from './person-codes.js';
import { damagedRow, storedCode, storedMoment, storedVersion } from './stored-values.js';
import type { Transactions } from './transactions.js';

type DetailsRow = readonly [place: number, keyVersion: unknown, generation: unknown, issuedAt: unknown];
type PersonRow = readonly [code: unknown, generation: unknown, canonical: unknown];
type PackedIssuances = readonly [damaged: number | null, codes: string | null, versions: string | null];

interface Page {
  readonly after: Uint8Array;
  readonly limit: number;
}

/** What can be asked of the rows: single ones and pages. */
export class Reading {
  readonly #transactions: Transactions;
  readonly #keys: KeyRecords;
  readonly #codes: PersonCodes;
  readonly #details: Statement<[Slices & { readonly institution: number }], DetailsRow>;
  readonly #holders: Statement<[Slices], readonly [place: number, institution: InstitutionCode]>;
  readonly #persons: Statement<[Page], PersonRow>;
  readonly #issuances: Statement<[Page & { readonly institution: number }], PackedIssuances>;
  readonly #counts: Statement<[], StoreCounts>;

  constructor(database: Database, transactions: Transactions, keys: KeyRecords, codes: PersonCodes) {
    this.#transactions = transactions;
    this.#keys = keys;
    this.#codes = codes;
    this.#details = database
      .prepare<[Slices & { readonly institution: number }], DetailsRow>(
        `SELECT i, key_version, generation, issued_at FROM (${SLICES}) CROSS JOIN issuance
           LEFT JOIN person ON person.store_code = code
          WHERE institution_id = @institution AND issuance.store_code = code`,
      )
      .raw();
    this.#holders = database
      .prepare<[Slices], readonly [number, InstitutionCode]>(
        `SELECT i, institution.code FROM (${SLICES}) AS given CROSS JOIN institution CROSS JOIN issuance
          WHERE institution_id = id AND store_code = given.code ORDER BY institution.code`,
      )
      .raw();
    this.#persons = database
      .prepare<[Page], PersonRow>(
        `SELECT store_code, generation, canonical FROM person
          WHERE store_code > @after ORDER BY store_code LIMIT @limit`,
      )
      .raw();
    this.#issuances = database
      .prepare<[Page & { readonly institution: number }], PackedIssuances>(
        `SELECT sum(length(store_code) <> ${CODE_LENGTH}), group_concat(hex(store_code), '' ORDER BY store_code),
                group_concat(key_version, ' ' ORDER BY store_code) FROM
           (SELECT store_code, key_version FROM issuance
             WHERE institution_id = @institution AND store_code > @after ORDER BY store_code LIMIT @limit)`,
      )
      .raw();
    this.#counts = database.prepare(
      `SELECT keys, persons - aliases AS persons, aliases, issuances FROM
         (SELECT (SELECT count(*) FROM key) AS keys,
                 (SELECT count(*) FROM person) AS persons,
                 (SELECT count(*) FROM person INDEXED BY alias WHERE canonical IS NOT NULL) AS aliases,
                 (SELECT count(*) FROM issuance) AS issuances)`,
    );
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions,
  ): readonly (IssuanceDetails | undefined)[] {
    const rows = checkStoreCodes(storeCodes);
    if (rows === 0) return this.#transactions.read(options, () => []);
    const details = new Array<IssuanceDetails | undefined>(rows).fill(undefined);
    this.#transactions.read(options, () => {
      const { slices, givenAt } = orderCodes(this.#codes.ofAll(storeCodes).codes);
      const found = this.#details.all({ ...slices, institution: this.#keys.institutionId(institution) });
      for (const [place, keyVersion, generation, issuedAt] of found) {
        details[givenAt(place)] = {
          keyVersion: storedVersion(keyVersion),
          generation: storedVersion(generation),
          issuedAt: storedMoment(issuedAt),
        };
      }
    });
    return details;
  }

  holders(storeCodes: Uint8Array, options: StoreCallOptions): readonly (readonly InstitutionCode[])[] {
    const holders = Array.from({ length: checkStoreCodes(storeCodes) }, (): InstitutionCode[] => []);
    if (holders.length === 0) return this.#transactions.read(options, () => holders);
    this.#transactions.read(options, () => {
      const { slices, givenAt } = orderCodes(this.#codes.ofAll(storeCodes).codes);
      for (const [place, institution] of this.#holders.all(slices)) {
        holders[givenAt(place)]?.push(institution);
      }
    });
    return holders;
  }

  persons(request: PageRequest): PersonPage {
    const rows = this.#transactions.read(request, () => this.#persons.all(pageOf(request)));
    const canonical = new Map<number, Uint8Array>();
    rows.forEach(([, , own], k) => {
      if (own !== null) canonical.set(k, storedCode(own));
    });
    return {
      storeCodes: packed(rows),
      generations: Uint8Array.from(rows, ([, generation]) => storedVersion(generation)),
      canonical,
    };
  }

  issuances(institution: InstitutionCode, request: PageRequest): IssuancePage {
    const page = this.#transactions.read(request, () =>
      this.#issuances.get({ ...pageOf(request), institution: this.#keys.institutionId(institution) }),
    );
    // As two texts: a row each would take five times as long.
    const [damaged, codes, versions] = page as PackedIssuances;
    if (damaged !== null && damaged > 0) throw damagedRow('store code');
    return {
      storeCodes: Uint8Array.from(Buffer.from(codes ?? '', 'hex')),
      keyVersions: Uint8Array.from(versions?.split(' ') ?? [], (version) => storedVersion(Number(version))),
    };
  }

  count(options: StoreCallOptions): StoreCounts {
    return this.#transactions.read(options, () => this.#counts.get() as StoreCounts);
  }
}

function pageOf({ after, limit }: PageRequest): Page {
  return { after: after ?? new Uint8Array(0), limit };
}

function packed(rows: readonly (readonly [code: unknown, ...unknown[]])[]): Uint8Array {
  const codes = new Uint8Array(rows.length * CODE_LENGTH);
  rows.forEach(([code], k) => {
    codes.set(storedCode(code), k * CODE_LENGTH);
  });
  return codes;
}
