/**
 * Every row that names a person does so by the store code, 24 bytes. Columns stand in the order that leaves no gaps
 * for alignment. Every unique key of the two large tables holds the store code, by which they are partitioned.
 */

/** What is known of keys and institutions. */
export const SMALL_TABLES = `
  CREATE TABLE key (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    fingerprint text COLLATE "C" NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
    registered_at bigint NOT NULL
  );

  CREATE TABLE institution (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE
  );
`;

/** People and their issuances, without the partitions that hold the rows. */
export const LARGE_TABLES = `
  CREATE TABLE person (
    created_at bigint NOT NULL,
    generation smallint NOT NULL CHECK (generation BETWEEN 1 AND 255),
    store_code bytea NOT NULL PRIMARY KEY CHECK (octet_length(store_code) = 24),
    canonical bytea CHECK (octet_length(canonical) = 24)
  ) PARTITION BY HASH (store_code);

  CREATE INDEX person_alias ON person (store_code, canonical) WHERE canonical IS NOT NULL;
  CREATE INDEX person_canonical ON person (canonical) WHERE canonical IS NOT NULL;

  CREATE TABLE issuance (
    issued_at bigint NOT NULL,
    institution_id integer NOT NULL,
    key_version smallint NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    store_code bytea NOT NULL CHECK (octet_length(store_code) = 24),
    PRIMARY KEY (institution_id, store_code)
  ) PARTITION BY HASH (store_code);
`;

/** Partitions of both large tables. */
export function partitions(modulus: number, remainders: readonly number[]): string {
  const tables = remainders.flatMap((k) => [
    { table: 'person', k },
    { table: 'issuance', k },
  ]);
  return tables
    .map(
      ({ table, k }) => `
  CREATE TABLE ${table}_${k} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${modulus}, REMAINDER ${k});`,
    )
    .join('');
}
