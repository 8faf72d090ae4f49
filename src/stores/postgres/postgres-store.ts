import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkChange, checkIssuance, checkKeyRecord, checkPage, checkStoreCodes } from '../arguments.js';
import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  IssuancePage,
  IssuanceStatistic,
  IssuanceStore,
  KeyRecord,
  PageRequest,
  PersonPage,
  RecordedKey,
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  WriteOutcome,
} from '../port.js';
import { type Connections, connectionsTo } from './connections.js';
import { check } from './invariants.js';
import { issue } from './issuing.js';
import { begin, listKeys, registerKey } from './keys.js';
import type { Layout } from './layouts/layout.js';
import { ONE_SERVER } from './layouts/one-server.js';
import { change, remove } from './life-of-person.js';
import { lookUp } from './lookups.js';
import { CALL, checkPostgresOptions, type PostgresStoreOptions } from './options.js';
import { details, holders, issuances, persons } from './reading.js';
import { RotationCalls } from './rotation-calls.js';
import { prepareSchema } from './schema.js';
import { checkServers } from './spread/servers.js';
import { count, statistics } from './statistics.js';
import { transact } from './transact.js';

/**
 * Opens an issuance store in a PostgreSQL database; makes its tables when they are not there, unless `create` is
 * false. Every batch is one
 * transaction, on the server's disk when its promise resolves. Many processes may have the store open. Reads go to the
 * primary too: a standby lags behind, and would answer that a code is not held.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_NOT_DURABLE`, `STORE_CORRUPT` or
 *   `STORE_FAULT`
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<IssuanceStore> {
  const settings = checkPostgresOptions(options);
  const connections = connectionsTo(CALL, options.connection, settings, ONE_SERVER);
  let layout: Layout;
  try {
    layout = await prepareSchema(connections, settings, options.spread);
  } catch (error) {
    await connections.close();
    throw error;
  }
  if (layout === ONE_SERVER) return new PostgresStore(connections);
  await connections.close();
  return openSpread(connectionsTo(CALL, options.connection, settings, layout));
}

/** Opens a store whose rows are on other servers, once each has said that it is the right one. */
async function openSpread(connections: Connections): Promise<PostgresStore> {
  try {
    await transact(connections, { kind: 'read', during: 'asking the servers' }, checkServers);
  } catch (error) {
    await connections.close();
    throw error;
  }
  return new PostgresStore(connections);
}

class PostgresStore extends RotationCalls implements IssuanceStore {
  begin(records: readonly KeyRecord[], options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.run('begin', options, () => {
      for (const record of records) checkKeyRecord(record);
      return this.transact('keys', 'beginning', options, (transaction) => begin(transaction, records));
    });
  }

  registerKey(record: KeyRecord, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.run('registerKey', options, () => {
      checkKeyRecord(record);
      return this.transact('keys', 'registering a key', options, (transaction) =>
        registerKey(transaction, record),
      );
    });
  }

  listKeys(options: StoreCallOptions = {}): Promise<readonly RecordedKey[]> {
    return this.run('listKeys', options, () => this.transact('read', 'listing keys', options, listKeys));
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    return this.run('issue', options, () => {
      if (checkIssuance(batch) === 0) return this.nothing(noRows(), options);
      return issue(this.connections, batch, options);
    });
  }

  lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    return this.run('lookUp', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return this.nothing(noRows(), options);
      return this.transact('read', 'looking up', options, (transaction) =>
        lookUp(transaction, institution, storeCodes),
      );
    });
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    return this.run('details', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return this.nothing([], options);
      return this.transact('read', 'reading details', options, (transaction) =>
        details(transaction, institution, storeCodes),
      );
    });
  }

  holders(
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (readonly InstitutionCode[])[]> {
    return this.run('holders', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return this.nothing([], options);
      return this.transact('read', 'finding holders', options, (transaction) =>
        holders(transaction, storeCodes),
      );
    });
  }

  change(batch: ChangeBatch, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.run('change', options, () => {
      if (checkChange(batch) === 0) return this.nothing([], options);
      return this.transact('alone', 'changing', options, (transaction) => change(transaction, batch));
    });
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions = {}): Promise<readonly RemovedPerson[]> {
    return this.run('remove', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return this.nothing([], options);
      return this.transact('alone', 'removing', options, (transaction) => remove(transaction, storeCodes));
    });
  }

  persons(page: PageRequest): Promise<PersonPage> {
    return this.drain.run(() => {
      checkPage(page);
      return this.transact('read', 'reading people', page, (transaction) => persons(transaction, page));
    });
  }

  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    return this.drain.run(() => {
      checkPage(page);
      return this.transact('read', 'reading issuances', page, (transaction) =>
        issuances(transaction, institution, page),
      );
    });
  }

  statistics(options: StoreCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.run('statistics', options, () =>
      this.transact('whole', 'counting issuances', options, statistics),
    );
  }

  check(options: StoreCallOptions = {}): Promise<readonly StoreFinding[]> {
    return this.run('check', options, () => check(this.connections, options));
  }

  count(options: StoreCallOptions = {}): Promise<StoreCounts> {
    return this.run('count', options, () => this.transact('whole', 'counting', options, count));
  }

  close(): Promise<void> {
    return this.drain.close(() => this.connections.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function noRows(): HeldRows {
  return { versions: new Uint8Array(0), canonical: new Map(), aliases: new Set() };
}
