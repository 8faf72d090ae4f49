import { institutionAudience, type KeyName, linkKey, parseKeyName } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { audiencesWithTwoActive } from '../key-states.js';
import type { StoreCallOptions, StoreFinding, StoreInvariant } from '../port.js';
import type { Connections } from './connections.js';
import { listKeys } from './keys.js';
import { transact } from './transact.js';
import type { Statement, Transaction } from './transaction.js';

/** Invariants that one statement counts the breaches of. */
export const BREACHES = {
  'store-code-length': {
    name: 'store-code-length',
    text: `
    SELECT (SELECT count(*) FROM person
        WHERE octet_length(store_code) <> ${CODE_LENGTH} OR octet_length(canonical) <> ${CODE_LENGTH})
      + (SELECT count(*) FROM issuance WHERE octet_length(store_code) <> ${CODE_LENGTH}) AS rows`,
  },
  'alias-leads-to-person': {
    name: 'alias-leads-to-person',
    text: `
    SELECT count(*) AS rows FROM person AS alias LEFT JOIN person AS own ON own.store_code = alias.canonical
    WHERE alias.canonical IS NOT NULL AND (own.store_code IS NULL OR own.canonical IS NOT NULL)`,
  },
  'alias-has-no-issuance': {
    name: 'alias-has-no-issuance',
    text: `
    SELECT count(*) AS rows FROM issuance JOIN person USING (store_code) WHERE canonical IS NOT NULL`,
  },
  'issuance-has-person': {
    name: 'issuance-has-person',
    text: `
    SELECT count(*) AS rows FROM issuance LEFT JOIN person USING (store_code) WHERE generation IS NULL`,
  },
  'succession-leads-from-person': {
    name: 'succession-leads-from-person',
    text: `
    SELECT count(*) AS rows FROM succession LEFT JOIN person ON store_code = old_code WHERE generation IS NULL`,
  },
} satisfies Partial<Record<StoreInvariant, Statement>>;
export const GENERATIONS: Statement = {
  name: 'generations',
  text: 'SELECT generation, count(*) AS rows FROM person GROUP BY generation',
};
export const VERSIONS: Statement = {
  name: 'versions',
  text: `SELECT code, key_version AS version, rows
    FROM (SELECT institution_id, key_version, count(*) AS rows FROM issuance GROUP BY 1, 2) AS issued
    LEFT JOIN institution ON id = institution_id`,
};
const INSTITUTIONS: Statement = { name: 'institutions', text: 'SELECT code FROM institution' };
/** Empty where the extension is missing or this user may not use it. */
const INDEXES: Statement = {
  name: 'indexes',
  text: `SELECT format('%I.bt_index_check', nspname) AS function, index.oid::integer AS index,
      index.relname AS name
    FROM pg_class AS index JOIN pg_am ON pg_am.oid = index.relam AND amname = 'btree'
    CROSS JOIN pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'amcheck' AND index.relkind = 'i' AND index.relnamespace = current_schema()::regnamespace
      AND has_function_privilege(to_regprocedure(format('%I.bt_index_check(regclass, boolean)', nspname)), 'EXECUTE')
    ORDER BY index.relname`,
};

/** Holds every invariant against every row. */
export async function check(
  connections: Connections,
  { signal, epoch }: StoreCallOptions,
): Promise<StoreFinding[]> {
  const run = <T>(work: (transaction: Transaction) => Promise<T>) =>
    transact(connections, { kind: 'whole', during: 'checking', signal, epoch }, work);
  const damaged: StoreFinding[] = [];
  const intact = async (detail: string, work: (transaction: Transaction) => Promise<unknown>) => {
    try {
      await run(work);
    } catch (error) {
      if (!(error instanceof RenkeiError) || error.code !== 'STORE_CORRUPT') throw error;
      damaged.push({ invariant: 'storage-intact', rows: 1, detail });
    }
  };
  interface Index {
    readonly function: string;
    readonly index: number;
    readonly name: string;
  }
  for (const index of await run((transaction) => transaction.rows<Index>(INDEXES))) {
    await intact(`index ${index.name}`, (transaction) =>
      transaction.run(`SELECT ${index.function}(${index.index}, true)`),
    );
  }
  const findings: StoreFinding[] = [];
  await intact('a table', async (transaction) => {
    findings.push(...(await breaches(transaction)));
  });
  return [...damaged, ...findings];
}

async function breaches(transaction: Transaction): Promise<StoreFinding[]> {
  const rows = new Map<StoreInvariant, number>();
  const add = (invariant: StoreInvariant, more: number) => {
    if (more > 0) rows.set(invariant, (rows.get(invariant) ?? 0) + more);
  };
  const keys = await listKeys(transaction);
  const names = new Set<KeyName>(keys.map(({ name }) => name));
  const named = keys.filter(({ name }) => parsedOrNothing(name) !== undefined);
  add('audience-has-one-active-key', audiencesWithTwoActive(named).length);
  const withKey = new Set<string>();
  for (const name of names) {
    const parsed = parsedOrNothing(name);
    if (parsed === undefined) add('key-name-valid', 1);
    else if (parsed.kind === 'institution') withKey.add(parsed.institution);
  }
  add('key-fingerprint-distinct', keys.length - new Set(keys.map(({ fingerprint }) => fingerprint)).size);
  for (const { code } of await transaction.rows<{ code: string }>(INSTITUTIONS)) {
    add('institution-has-key', withKey.has(code) ? 0 : 1);
  }
  const generations = await transaction.rows<{ generation: number; rows: number }>(GENERATIONS);
  for (const { generation, rows: more } of generations) {
    add('person-generation-has-key', names.has(linkKey(generation)) ? 0 : more);
  }
  const versions = await transaction.rows<{ code: string | null; version: number; rows: number }>(VERSIONS);
  for (const { code, version, rows: more } of versions) {
    if (code === null) add('issuance-has-institution', more);
    else add('issuance-version-has-key', names.has(institutionAudience(code, version)) ? 0 : more);
  }
  for (const [name, statement] of Object.entries(BREACHES)) {
    const { rows: more } = await transaction.row<{ rows: number }>(statement);
    add(name as StoreInvariant, more);
  }
  return [...rows].map(([invariant, count]) => ({ invariant, rows: count }));
}

function parsedOrNothing(name: string) {
  try {
    return parseKeyName(name);
  } catch {
    return undefined;
  }
}
