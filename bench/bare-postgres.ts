import { Client } from 'pg';
import { openPostgresStore } from 'renkei/postgres';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import type { ScratchDatabase } from '../test/support/postgres.js';
import type { BareTarget } from './bare-comparison.js';

const SCHEMA = 'bare';
const CODES = `(SELECT substring($1::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}) AS code
  FROM generate_series(0, octet_length($1::bytea) / ${CODE_LENGTH} - 1) AS i) AS given`;
const PERSONS = `INSERT INTO person (store_code, generation, created_at) SELECT code, 1, $2 FROM ${CODES}`;
const ISSUANCES = `INSERT INTO issuance (store_code, institution_id, key_version, issued_at) SELECT code, 1, 1, $2 FROM ${CODES}`;

/**
 * The least a durable issuance can cost: the same rows in tables of the same schema on the same server, sliced in SQL
 * out of one parameter, one transaction a batch, and nothing else. Takes rows in key order.
 */
export class BarePostgres implements BareTarget {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Makes the tables beside those of the store that is measured. */
  static async open(database: ScratchDatabase): Promise<BarePostgres> {
    await (await openPostgresStore({ connection: { ...database }, schema: SCHEMA })).close();
    const client = new Client(database);
    await client.connect();
    await client.query(`SET search_path = ${SCHEMA}`);
    return new BarePostgres(client);
  }

  async insert(codes: Uint8Array): Promise<void> {
    const values = [Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength), Date.now()];
    await this.#client.query('BEGIN');
    await this.#client.query(PERSONS, values);
    await this.#client.query(ISSUANCES, values);
    await this.#client.query('COMMIT');
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
