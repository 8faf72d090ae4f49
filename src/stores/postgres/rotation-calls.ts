import { Redacted } from '../../bytes/redacted.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkPage, checkPairs, checkStoreCall, checkStoreCodes } from '../arguments.js';
import type { PageRequest, StoreCallOptions, WriteOutcome } from '../port.js';
import {
  checkClaim,
  checkHold,
  checkLimit,
  checkMove,
  checkNewRotation,
  checkNotes,
  checkReport,
  checkRotationId,
} from '../rotation-arguments.js';
import type {
  KnownSuccessors,
  NewRotation,
  NotedRow,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  RotationStore,
  StoreOutlook,
  SuccessorPairs,
} from '../rotation-port.js';
import type { Connections } from './connections.js';
import { moveRows } from './moving.js';
import { noted, settleNotes } from './noting.js';
import { claimPart, finishPart, parts } from './rotation-parts.js';
import { beginRotation, hold, moveRotation, rotations } from './rotations.js';
import { discardSuccessors, lendSuccessors, succeed, successors, withoutSuccessor } from './succession.js';
import { transact } from './transact.js';
import type { Transaction, TransactionKind } from './transaction.js';

/** The calls of the store that rotations need, each one transaction. */
export abstract class RotationCalls extends Redacted implements RotationStore {
  protected readonly connections: Connections;
  protected readonly drain = new Drain('store', 'STORE_CLOSED');

  constructor(connections: Connections) {
    super();
    this.connections = connections;
  }

  outlook(options: StoreCallOptions = {}): Promise<StoreOutlook> {
    return this.run('outlook', options, () =>
      this.transact('read', 'reading the outlook', options, async ({ situation }) => situation.outlook),
    );
  }

  beginRotation(rotation: NewRotation, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.run('beginRotation', options, () => {
      checkNewRotation(rotation);
      if (rotation.successor !== undefined && this.connections.layout.settle !== undefined) {
        throw new RenkeiError(
          'ROTATION_UNSUPPORTED',
          'beginRotation: the store key and the generation cannot be rotated in a store that is spread over servers',
        );
      }
      return this.transact('alone', 'beginning a rotation', options, (transaction) =>
        beginRotation(transaction, rotation),
      );
    });
  }

  rotations(options: StoreCallOptions = {}): Promise<readonly RotationRecord[]> {
    return this.run('rotations', options, () =>
      this.transact('read', 'reading rotations', options, rotations),
    );
  }

  moveRotation(move: RotationMove, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.run('moveRotation', options, () => {
      checkMove(move);
      return this.transact('alone', 'moving a rotation', options, (transaction) =>
        moveRotation(transaction, move),
      );
    });
  }

  hold(until: number, options: StoreCallOptions = {}): Promise<void> {
    return this.run('hold', options, () => {
      checkHold(until);
      return this.transact('issue', 'holding batches back', options, (transaction) =>
        hold(transaction, until),
      );
    });
  }

  claimPart(claim: PartClaim, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.run('claimPart', options, () => {
      checkClaim(claim);
      return this.transact('issue', 'claiming a part', options, (transaction) =>
        claimPart(transaction, claim),
      );
    });
  }

  finishPart(
    id: number,
    part: number,
    report: string,
    options: StoreCallOptions = {},
  ): Promise<WriteOutcome> {
    return this.run('finishPart', options, () => {
      checkReport(id, part, report);
      return this.transact('issue', 'finishing a part', options, (transaction) =>
        finishPart(transaction, id, part, report),
      );
    });
  }

  parts(id: number, options: StoreCallOptions = {}): Promise<readonly RotationPart[]> {
    return this.run('parts', options, () => {
      checkRotationId('parts', id);
      return this.transact('read', 'reading parts', options, (transaction) => parts(transaction, id));
    });
  }

  noted(
    limit: number,
    institution?: InstitutionCode,
    options: StoreCallOptions = {},
  ): Promise<readonly NotedRow[]> {
    return this.run('noted', options, () => {
      checkLimit('noted', limit);
      // Where notes come before their rows, batches under way must end first.
      const kind = this.connections.layout.goOn === undefined ? 'read' : 'alone';
      return this.transact(kind, 'reading notes', options, (transaction) =>
        noted(transaction, limit, institution),
      );
    });
  }

  settle(notes: readonly number[], options: StoreCallOptions = {}): Promise<void> {
    return this.run('settle', options, () => {
      checkNotes(notes);
      return this.transact('issue', 'settling notes', options, (transaction) =>
        settleNotes(transaction, notes),
      );
    });
  }

  succeed(pairs: SuccessorPairs, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.run('succeed', options, () => {
      if (checkPairs(pairs) === 0) return this.nothing([], options);
      return this.transact('issue', 'recording successors', options, (transaction) =>
        succeed(transaction, pairs),
      );
    });
  }

  successors(oldCodes: Uint8Array, options: StoreCallOptions = {}): Promise<KnownSuccessors> {
    return this.run('successors', options, () => {
      if (checkStoreCodes(oldCodes) === 0) {
        return this.nothing({ newCodes: new Uint8Array(0), missing: [] }, options);
      }
      return this.transact('read', 'reading successors', options, (transaction) =>
        successors(transaction, oldCodes),
      );
    });
  }

  withoutSuccessor(page: PageRequest): Promise<Uint8Array> {
    return this.drain.run(() => {
      checkPage(page);
      return this.transact('whole', 'reading people without successor', page, (transaction) =>
        withoutSuccessor(transaction, page),
      );
    });
  }

  lendSuccessors(options: StoreCallOptions = {}): Promise<number> {
    return this.run('lendSuccessors', options, () =>
      this.transact('alone', 'lending successors', options, lendSuccessors),
    );
  }

  moveRows(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.run('moveRows', options, () => {
      checkLimit('moveRows', limit);
      return this.transact('alone', 'moving rows', options, (transaction) => moveRows(transaction, limit));
    });
  }

  discardSuccessors(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.run('discardSuccessors', options, () => {
      checkLimit('discardSuccessors', limit);
      return this.transact('alone', 'discarding successors', options, (transaction) =>
        discardSuccessors(transaction, limit),
      );
    });
  }

  protected run<T>(call: string, options: StoreCallOptions, action: () => T | Promise<T>): Promise<T> {
    return this.drain.run(() => {
      checkStoreCall(call, options);
      return action();
    });
  }

  /** What an empty batch is answered: it touches nothing, but its epoch must be that of the keys. */
  protected async nothing<T>(answer: T, options: StoreCallOptions): Promise<T> {
    if (options.epoch !== undefined) await this.outlook(options);
    return answer;
  }

  protected transact<T>(
    kind: TransactionKind,
    during: string,
    { signal, epoch }: StoreCallOptions,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return transact(this.connections, { kind, during, signal, epoch }, work);
  }
}
