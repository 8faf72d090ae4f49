/** Keys with their states. A state that a key has never been in has no date. */
export const KEY_TABLE = `
  CREATE TABLE key (
    name TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
    registered_at INTEGER NOT NULL,
    generation INTEGER CHECK (generation BETWEEN 1 AND 255),
    state TEXT NOT NULL CHECK (state IN ('pre-active', 'active', 'accepting', 'retired', 'destroyed')),
    pre_active_at INTEGER,
    active_at INTEGER,
    accepting_at INTEGER,
    retired_at INTEGER,
    destroyed_at INTEGER
  ) STRICT, WITHOUT ROWID;
`;

/**
 * The states of keys that were put on record before there were any: codes were made under the highest version, and
 * those under a lower one were understood, of link keys none. A lower one ceased to be active when the next was put on
 * record. Each record period is an audience of its own.
 */
export const KEYS_OF_SCHEMA_2 = `
  INSERT INTO key
    WITH parts AS (
      SELECT *, rtrim(name, '0123456789') AS audience FROM old_key
    ), ages AS (
      SELECT *, CAST(substr(name, length(audience) + 1) AS INTEGER) AS version,
             iif(name GLOB 'record/*', name, audience) AS series
        FROM parts
    ), lives AS (
      SELECT *, lead(registered_at) OVER (PARTITION BY series ORDER BY version) AS next_at FROM ages
    )
    SELECT name, fingerprint, registered_at,
           CASE WHEN name GLOB 'link/*' THEN version
                WHEN name GLOB 'institution/*' OR name GLOB 'store/*'
                THEN (SELECT max(version) FROM ages WHERE name GLOB 'link/*') END,
           CASE WHEN next_at IS NULL THEN 'active' WHEN name GLOB 'link/*' THEN 'retired' ELSE 'accepting' END,
           NULL, registered_at,
           iif(name GLOB 'link/*', NULL, next_at), iif(name GLOB 'link/*', next_at, NULL), NULL
      FROM lives;
`;

/**
 * What rotations keep. What is large in a row stands last, so that the rest is read without it. `noting` says whose
 * new rows are noted now: an institution's, `*persons` or `*everything`; numbers of notes are never used again.
 */
export const ROTATION_TABLES = `
  CREATE TABLE rotation (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    generation INTEGER,
    store_key_version INTEGER,
    parts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    plan TEXT NOT NULL,
    notebook TEXT NOT NULL
  ) STRICT;

  CREATE TABLE rotation_part (
    rotation_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    worker TEXT,
    held_until INTEGER,
    report TEXT,
    PRIMARY KEY (rotation_id, part)
  ) STRICT;
  CREATE INDEX part_open ON rotation_part (rotation_id, part) WHERE report IS NULL;

  CREATE TABLE noting (
    whose TEXT NOT NULL,
    rotation_id INTEGER NOT NULL,
    PRIMARY KEY (whose, rotation_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE noted (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    institution_id INTEGER,
    store_code BLOB NOT NULL CHECK (length(store_code) = 24)
  ) STRICT;
  CREATE INDEX noted_institution ON noted (institution_id);
  CREATE INDEX noted_code ON noted (store_code);

  CREATE TABLE succession (
    old_code BLOB NOT NULL PRIMARY KEY CHECK (length(old_code) = 24),
    new_code BLOB NOT NULL UNIQUE CHECK (length(new_code) = 24)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outlook (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    hold_until INTEGER NOT NULL
  ) STRICT;
  INSERT INTO outlook VALUES (1, 0, 0);
`;
