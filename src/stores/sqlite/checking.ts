import type { Database } from 'better-sqlite3';
import { parseKeyName } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { audienceOf } from '../key-states.js';
import type { StoreCallOptions, StoreFinding, StoreInvariant } from '../port.js';
import { storeError } from './faults.js';
import { institutionsWithIssuances, type ScannedPiece, type ScanPiece, scanPieces } from './scanning.js';
import type { Transactions } from './transactions.js';

/** Faults of the file that SQLite reports one by one; there may be more. */
const MOST_STORAGE_FAULTS = 1_000;

/** Rows that break each invariant; `null` from a sum over no rows. */
type Broken = Readonly<Partial<Record<StoreInvariant, number | null>>>;
type CheckedPiece = ScannedPiece & Broken;

/**
 * Holds every invariant against every row. A damaged page ends the part of the check that meets it; the others go
 * on.
 */
export async function checkStore(
  database: Database,
  transactions: Transactions,
  options: StoreCallOptions,
): Promise<readonly StoreFinding[]> {
  const broken = new Map<StoreInvariant, number>();
  const add = (invariant: StoreInvariant, rows: number | null | undefined) => {
    if (rows) broken.set(invariant, (broken.get(invariant) ?? 0) + rows);
  };
  const scan: Scan = (piece) => scanPieces(transactions, options, piece);
  const parts = [
    () => add('storage-intact', storageFaults(database)),
    // In one transaction: a key and its institution are registered together.
    () => transactions.read(options, () => checkKeys(database, add)),
    () => checkPersons(database, add, scan),
    () => checkIssuances(database, add, scan),
    () => checkSuccession(database, add, scan),
  ];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      const known = storeError('check', error);
      if (!(known instanceof RenkeiError && known.code === 'STORE_CORRUPT')) throw known;
      add('storage-intact', 1);
    }
  }
  return [...broken].map(([invariant, rows]) => ({ invariant, rows }));
}

type Scan = (scan: (piece: ScanPiece) => ScannedPiece) => Promise<void>;
type Add = (invariant: StoreInvariant, rows: number | null | undefined) => void;

/** SQLite's own check of every page, row and index. What it says in words may quote, so it is only counted. */
function storageFaults(database: Database): number {
  const faults = database.pragma(`integrity_check(${MOST_STORAGE_FAULTS})`) as { integrity_check: string }[];
  return faults.filter(({ integrity_check }) => integrity_check !== 'ok').length;
}

function checkKeys(database: Database, add: Add): void {
  const keys = database.prepare<[], { name: string; state: string }>('SELECT name, state FROM key').all();
  const active: string[] = [];
  const withKey = new Set<string>();
  for (const { name, state } of keys) {
    const parsed = parsedOrNone(name);
    if (parsed === undefined) add('key-name-valid', 1);
    else if (parsed.kind === 'institution') withKey.add(parsed.institution);
    if (parsed !== undefined && state === 'active') active.push(audienceOf(name));
  }
  const twice = new Set(active.filter((audience, k) => active.indexOf(audience) !== k));
  add('audience-has-one-active-key', twice.size);
  const alike = database.prepare<[], number>(
    `SELECT count(*) FROM key NOT INDEXED
      WHERE fingerprint IN (SELECT fingerprint FROM key NOT INDEXED GROUP BY fingerprint HAVING count(*) > 1)`,
  );
  add('key-fingerprint-distinct', alike.pluck().get());
  const known = new Set(database.prepare<[], string>('SELECT code FROM institution').pluck().all());
  for (const code of known) if (!withKey.has(code)) add('institution-has-key', 1);
  for (const code of withKey) if (!known.has(code)) add('institution-has-key', 1);
}

function parsedOrNone(name: string) {
  try {
    return parseKeyName(name);
  } catch {
    return undefined;
  }
}

async function checkPersons(database: Database, add: Add, scan: Scan): Promise<void> {
  const select = database.prepare<[ScanPiece], CheckedPiece>(
    `SELECT count(*) AS rows, max(store_code) AS last,
            sum(length(store_code) <> ${CODE_LENGTH} OR coalesce(length(canonical) <> ${CODE_LENGTH}, 0))
              AS "store-code-length",
            sum(generation NOT IN (SELECT CAST(substr(name, 6) AS INTEGER) FROM key WHERE name GLOB 'link/*'))
              AS "person-generation-has-key",
            sum(canonical IS NOT NULL AND NOT EXISTS
                  (SELECT 1 FROM person AS own WHERE own.store_code = piece.canonical AND own.canonical IS NULL))
              AS "alias-leads-to-person"
       FROM (SELECT store_code, generation, canonical FROM person
              WHERE store_code > @after ORDER BY store_code LIMIT @limit) AS piece`,
  );
  await scan((piece) => {
    const found = select.get(piece) as CheckedPiece;
    for (const invariant of [
      'store-code-length',
      'person-generation-has-key',
      'alias-leads-to-person',
    ] as const) {
      add(invariant, found[invariant]);
    }
    return found;
  });
}

async function checkIssuances(database: Database, add: Add, scan: Scan): Promise<void> {
  const institution = database.prepare<[number], string>('SELECT code FROM institution WHERE id = ?').pluck();
  const select = database.prepare<[ScanPiece & { id: number; prefix: string }], CheckedPiece>(
    `SELECT count(*) AS rows, max(piece.store_code) AS last,
            sum(length(piece.store_code) <> ${CODE_LENGTH}) AS "store-code-length",
            sum(person.store_code IS NULL) AS "issuance-has-person",
            sum(person.canonical IS NOT NULL) AS "alias-has-no-issuance",
            sum(key_version NOT IN (SELECT CAST(substr(name, length(@prefix) + 1) AS INTEGER) FROM key
                                     WHERE substr(name, 1, length(@prefix)) = @prefix))
              AS "issuance-version-has-key"
       FROM (SELECT store_code, key_version FROM issuance
              WHERE institution_id = @id AND store_code > @after ORDER BY store_code LIMIT @limit) AS piece
       LEFT JOIN person ON person.store_code = piece.store_code`,
  );
  for (const id of institutionsWithIssuances(database)) {
    const code = institution.get(id);
    await scan((piece) => {
      const found = select.get({ ...piece, id, prefix: `institution/${code}/` }) as CheckedPiece;
      for (const invariant of [
        'store-code-length',
        'issuance-has-person',
        'alias-has-no-issuance',
      ] as const) {
        add(invariant, found[invariant]);
      }
      if (code === undefined) add('issuance-has-institution', found.rows);
      else add('issuance-version-has-key', found['issuance-version-has-key']);
      return found;
    });
  }
}

async function checkSuccession(database: Database, add: Add, scan: Scan): Promise<void> {
  const select = database.prepare<[ScanPiece], CheckedPiece>(
    `SELECT count(*) AS rows, max(old_code) AS last,
            sum(NOT EXISTS (SELECT 1 FROM person WHERE store_code = old_code)) AS "succession-leads-from-person"
       FROM (SELECT old_code FROM succession WHERE old_code > @after ORDER BY old_code LIMIT @limit)`,
  );
  await scan((piece) => {
    const found = select.get(piece) as CheckedPiece;
    add('succession-leads-from-person', found['succession-leads-from-person']);
    return found;
  });
}
