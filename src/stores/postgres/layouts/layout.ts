import type { FirstRead } from '../first-read.js';
import type { Situation } from '../situation.js';
import type { Statement, Transaction, TransactionKind } from '../transaction.js';

/**
 * What differs between stores: what they hold, and whether all is on one server or large tables lie on others. `S` is
 * what a transaction knows of the store when it begins.
 */
export interface Layout<S = Situation> {
  /** Settings of every connection: how the server plans our statements. */
  readonly plans: string;
  /**
   * How a transaction begins; `#` stands for the number that names the store's locks. A column `pending` in what it
   * gives back says whether changes wait to be settled.
   */
  readonly begin: Readonly<Record<TransactionKind, string>>;
  /** Read by every transaction but those of the schema. */
  readonly situation: FirstRead<S>;
  /**
   * How a transaction commits what it has written so far and goes on, with nobody who would have to wait for it coming
   * between. Undefined where one commit is for all that it writes.
   */
  readonly goOn?: Readonly<Record<'issue' | 'alone', string>>;
  /** How a transaction is undone. */
  readonly rollback: string;
  /** Statements that have another text than their own here. */
  readonly texts: ReadonlyMap<Statement, string>;
  /** Carries out changes that were decided, in a transaction that is alone. Undefined where deciding is doing. */
  readonly settle?: (transaction: Transaction<S>) => Promise<void>;
}
