/**
 * What rotations need, beside the tables that were there: the same in a store on one server and on the coordinator of
 * a spread one. Keys that were on record are given the states they have had all along. The highest version of an
 * audience is active; of an institution's, the store's and an audit key the lower ones are accepting, of the link key
 * they are retired. Each record period is an audience of its own, and so active.
 *
 * `succession` is one plain table: the new codes must be unique, which no table that is partitioned by the old ones can
 * see to. It is there for the time of one rotation only, as is `ahead`: aliases that are under the new store key while
 * their person's rows are under the old.
 */
export const ROTATION_TABLES = `
  ALTER TABLE key ADD COLUMN state text COLLATE "C"
    CHECK (state IN ('pre-active', 'active', 'accepting', 'retired', 'destroyed'));
  ALTER TABLE key ADD COLUMN generation smallint CHECK (generation BETWEEN 1 AND 255);
  ALTER TABLE key ADD COLUMN pre_active_since bigint;
  ALTER TABLE key ADD COLUMN active_since bigint;
  ALTER TABLE key ADD COLUMN accepting_since bigint;
  ALTER TABLE key ADD COLUMN retired_since bigint;
  ALTER TABLE key ADD COLUMN destroyed_since bigint;

  UPDATE key SET state = CASE WHEN next IS NULL THEN 'active' WHEN kind = 'link' THEN 'retired' ELSE 'accepting' END,
    active_since = key.registered_at,
    accepting_since = CASE WHEN kind <> 'link' THEN next END,
    retired_since = CASE WHEN kind = 'link' THEN next END,
    generation = CASE kind WHEN 'link' THEN version
      WHEN 'record' THEN NULL
      WHEN 'audit' THEN NULL
      ELSE (SELECT max(substring(name FROM '^link/([0-9]+)$')::smallint) FROM key) END
  FROM (
    SELECT name, kind, version, lead(registered_at) OVER (PARTITION BY audience ORDER BY version) AS next
    FROM (
      SELECT name, registered_at, split_part(name, '/', 1) AS kind,
        CASE WHEN name LIKE 'record/%' THEN name ELSE regexp_replace(name, '/[0-9]+$', '') END AS audience,
        CASE WHEN name NOT LIKE 'record/%' THEN substring(name FROM '/([0-9]{1,3})$')::smallint END AS version
      FROM key
    ) AS named
  ) AS versions WHERE key.name = versions.name;
  ALTER TABLE key ALTER COLUMN state SET NOT NULL;

  CREATE TABLE rotation_state (
    epoch bigint NOT NULL,
    hold_until bigint NOT NULL,
    reached bytea NOT NULL
  );
  INSERT INTO rotation_state VALUES (0, 0, '');

  CREATE TABLE rotation (
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    id integer NOT NULL PRIMARY KEY,
    parts integer NOT NULL,
    generation smallint,
    store_key_version smallint,
    kind text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    notes text NOT NULL,
    plan text NOT NULL,
    notebook text NOT NULL
  );
  CREATE INDEX rotation_open ON rotation (id) WHERE status IN (
    'running', 'paused', 'verified', 'switched', 'retiring', 'aborting'
  );

  CREATE TABLE rotation_part (
    leased_until bigint NOT NULL,
    rotation_id integer NOT NULL,
    part integer NOT NULL,
    worker text,
    report text,
    PRIMARY KEY (rotation_id, part)
  );
  CREATE INDEX rotation_part_open ON rotation_part (rotation_id, part) WHERE report IS NULL;

  CREATE TABLE noted (
    note bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution_id integer,
    store_code bytea NOT NULL
  );
  CREATE INDEX noted_institution ON noted (institution_id, note);
  CREATE INDEX noted_store_code ON noted (store_code);

  CREATE TABLE succession (
    old_code bytea NOT NULL PRIMARY KEY CHECK (octet_length(old_code) = 24),
    new_code bytea NOT NULL UNIQUE CHECK (octet_length(new_code) = 24)
  );

  CREATE TABLE ahead (
    store_code bytea NOT NULL PRIMARY KEY CHECK (octet_length(store_code) = 24)
  );
`;
