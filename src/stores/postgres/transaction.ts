import type { PoolClient } from 'pg';
import type { Situation } from './situation.js';

/** A statement the server prepares once a connection. */
export interface Statement {
  /** Unique among all statements. */
  readonly name: string;
  readonly text: string;
}

type Value = string | number | Uint8Array | null;

/** The statements of one transaction. `S` is what it knows of the store when it begins. */
export class Transaction<S = Situation> {
  readonly #client: PoolClient;
  readonly #texts: ReadonlyMap<Statement, string>;
  readonly #situation: S | undefined;
  readonly #goOn: string | undefined;

  /**
   * @param texts statements that have another text than their own
   * @param situation undefined only while the tables are being made
   * @param goOn how what is written so far is committed; undefined where nothing is gained by it
   */
  constructor(
    client: PoolClient,
    texts: ReadonlyMap<Statement, string>,
    situation: S | undefined,
    goOn: string | undefined,
  ) {
    this.#client = client;
    this.#texts = texts;
    this.#situation = situation;
    this.#goOn = goOn;
  }

  /** True where rows are on other servers, whose commits come before that of this one. */
  get isSpread(): boolean {
    return this.#goOn !== undefined;
  }

  /** Commits what is written so far, and goes on under the same locks and in the same situation. */
  async commitSoFar(): Promise<void> {
    await this.run(this.#goOn as string);
  }

  /** What is going on in the store, as this transaction sees it. */
  get situation(): S {
    return this.#situation as S;
  }

  /** The rows a statement gives back. */
  async rows<Row extends object>(statement: Statement, ...values: readonly Value[]): Promise<Row[]> {
    return (await this.#client.query<Row>(this.#prepared(statement, values))).rows;
  }

  /** The one row of a statement that gives back just one. */
  async row<Row extends object>(statement: Statement, ...values: readonly Value[]): Promise<Row> {
    const [row] = await this.rows<Row>(statement, ...values);
    return row as Row;
  }

  /** How many rows a statement wrote. */
  async write(statement: Statement, ...values: readonly Value[]): Promise<number> {
    return (await this.#client.query(this.#prepared(statement, values))).rowCount ?? 0;
  }

  /** Reads every row of a large table from here on, however long it takes. */
  async takeTime(): Promise<void> {
    await this.run('SET LOCAL statement_timeout = 0');
  }

  /** Runs statements that are not prepared and give back nothing. */
  async run(text: string): Promise<void> {
    await this.#client.query(text);
  }

  #prepared(statement: Statement, values: readonly Value[]) {
    return { ...statement, text: this.#texts.get(statement) ?? statement.text, values: [...values] };
  }
}

/**
 * What a transaction does to others. `read` sees the store as it was when it began, `whole` too but reads every row,
 * however long it takes; `issue` goes beside others of its kind; `alone` waits for those and for `keys` and keeps
 * them out; `keys` and `schema` are alone among their own kind.
 */
export type TransactionKind = 'read' | 'whole' | 'issue' | 'alone' | 'keys' | 'schema';
