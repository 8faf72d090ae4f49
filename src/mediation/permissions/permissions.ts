import { dayOf, isWithin, periodOf } from '../../codes/calendar-day.js';
import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, type OptionRule, required, signalRule } from '../../errors/options.js';
import type { LogCallOptions, LogDraft, OperationLog } from '../../stores/log-port.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { BREACH_READER, BREACH_RULES, type Breach, breachEntry, withBreach } from './breaches.js';
import { CLASSES_READER } from './cell-classes.js';
import { madeBy } from './checked-rows.js';
import { type CompiledState, compile, institutionOn, revisionOn } from './compiled.js';
import type { PermissionDecision, PermissionQuestion, PermissionSource, RefusalReason } from './decision.js';
import { DIRECTORY_READER } from './institution-directory.js';
import { inquires, judge } from './judgement.js';
import { entriesOfChange, inAgreement, type PermissionParts } from './parts.js';
import { type PermissionRevision, type PermissionRow, TABLE_READER } from './permission-table.js';

/** Options of {@link openPermissions}. */
export interface PermissionsOptions extends PermissionParts {
  /** Where it is written what decides, before it does. Default: nowhere. */
  readonly log?: OperationLog;
  /** Gives up with `ABORTED` before the entry is committed. */
  readonly signal?: AbortSignal;
}

/** A decision with what it rests on. */
export type PermissionExplanation =
  | {
      /** It is permitted. */
      readonly permitted: true;
      /** The first row of the table that permits it, with its 号. */
      readonly row: PermissionRow;
      /** The revision that was in force. */
      readonly revision: PermissionRevision;
    }
  | {
      /** It is refused. */
      readonly permitted: false;
      /** Why. */
      readonly reason: RefusalReason;
      /** The revision that was in force; undefined before the first one. */
      readonly revision?: PermissionRevision;
    };

const PERMITTED: PermissionDecision = Object.freeze({ permitted: true });
const refused = (reason: RefusalReason): PermissionDecision => Object.freeze({ permitted: false, reason });
const REFUSED: Readonly<Record<RefusalReason, PermissionDecision>> = {
  'not-listed': refused('not-listed'),
  'inquirer-in-breach': refused('inquirer-in-breach'),
  'provider-in-breach': refused('provider-in-breach'),
  'institution-unknown': refused('institution-unknown'),
};

const revisionRule = madeBy(TABLE_READER);
const PART_RULES: Readonly<Record<keyof PermissionParts, OptionRule>> = {
  revisions: {
    expects: `a list, not empty, of what ${TABLE_READER} read`,
    check: (value) => Array.isArray(value) && value.length > 0 && value.every(revisionRule.check),
  },
  directory: madeBy(DIRECTORY_READER),
  classes: madeBy(CLASSES_READER),
  breaches: madeBy(BREACH_READER),
};
const logRule: OptionRule = {
  expects: 'an operation log',
  check: (value) => typeof (value as Partial<OperationLog> | null)?.append === 'function',
};

/**
 * Opens the permission table (命令9 第2条の表) with the directory of institutions. What decides is in the operation log
 * before it does.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_UNKNOWN` (a breach of an institution that is not in the
 *   directory), `ABORTED`, and what the log throws
 */
export async function openPermissions(options: PermissionsOptions): Promise<Permissions> {
  checkOptions('openPermissions', options, {
    ...PART_RULES,
    revisions: required(PART_RULES.revisions),
    directory: required(PART_RULES.directory),
    log: logRule,
    signal: signalRule,
  });
  const { log, signal, ...given } = options;
  const call = signal === undefined ? {} : { signal };
  throwIfAborted(signal);
  const parts = inAgreement(given);
  await log?.append(entriesOfChange('permissions.opened', {}, parts), call);
  return new Permissions(compile(parts), log);
}

/**
 * Decides what may be mediated (番号法19条8号), on any day since the first revision. Days begin at 00:00 in Japan. What
 * decides is replaced as a whole between two decisions; a decision is of one state.
 */
export class Permissions implements PermissionSource {
  readonly #log: OperationLog | undefined;
  #state: CompiledState;
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal Made by {@link openPermissions}. */
  constructor(state: CompiledState, log: OperationLog | undefined) {
    this.#state = state;
    this.#log = log;
  }

  /** What decides now; revisions in the order of their days. */
  get parts(): PermissionParts {
    return this.#state.parts;
  }

  /** Decides a question. Nothing is permitted at a moment before the first revision, or at one that is none. */
  decide(question: PermissionQuestion): PermissionDecision {
    const found = judge(this.#state, question);
    return typeof found === 'string' ? REFUSED[found] : PERMITTED;
  }

  /** Decides a question the same way, and says by which row of which revision. */
  explain(question: PermissionQuestion): PermissionExplanation {
    const state = this.#state;
    const found = judge(state, question);
    const revision = revisionOn(state, dayOf(question.at))?.revision;
    if (typeof found !== 'string' && revision !== undefined)
      return { permitted: true, row: found.row, revision };
    const reason = found as RefusalReason;
    return { permitted: false, reason, ...(revision === undefined ? {} : { revision }) };
  }

  /** Whether an institution may inquire in an affair at a moment, of whomever; one in breach of 番号法28条 may not. */
  mayInquire(inquirer: InstitutionCode, affair: string, at: number): boolean {
    return inquires(this.#state, inquirer, affair, at);
  }

  /** 名称 of an institution at a moment; undefined where the directory does not have it. */
  nameOf(institution: InstitutionCode, at: number): string | undefined {
    return institutionOn(this.#state, institution, dayOf(at))?.name;
  }

  /**
   * Rows of the table in force at a moment, in their order; none before the first revision.
   *
   * @param at milliseconds since 1970-01-01 UTC
   */
  rowsInForce(at: number): readonly PermissionRow[] {
    const day = dayOf(at);
    const rows = revisionOn(this.#state, day)?.revision.rows ?? [];
    return rows.filter(({ effectiveFrom, effectiveTo }) =>
      isWithin(periodOf(effectiveFrom, effectiveTo), day),
    );
  }

  /**
   * Adds a revision, in force from its day on. One that is there already changes nothing. One of an earlier day changes
   * what is answered about the past; the log says so.
   *
   * @throws RenkeiError `OPTION_INVALID` (another revision of the same day is there: see {@link Permissions.replace}), `ABORTED`,
   *   and what the log throws; nothing has changed then
   */
  add(revision: PermissionRevision, options: LogCallOptions = {}): Promise<void> {
    return this.#change(options, ({ parts }) => {
      checkOptions('add', { revision }, { revision: revisionRule });
      const isThere = parts.revisions.some(({ digest }) => digest === revision.digest);
      return isThere ? parts : { ...parts, revisions: [...parts.revisions, revision] };
    });
  }

  /**
   * Puts other parts in the place of those that are there; what is not given stays.
   *
   * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_UNKNOWN`, `ABORTED`, and what the log throws; nothing has
   *   changed then
   */
  replace(parts: Partial<PermissionParts>, options: LogCallOptions = {}): Promise<void> {
    return this.#change(options, (state) => {
      checkOptions('replace', parts, PART_RULES);
      const given = Object.entries(parts).filter(([, part]) => part !== undefined);
      return { ...state.parts, ...Object.fromEntries(given) };
    });
  }

  /**
   * Notes that an institution has breached 番号法28条, or, with `effectiveTo`, until when (令26条4項). One of the same
   * institution and `effectiveFrom` is replaced.
   *
   * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID`, `INSTITUTION_UNKNOWN`, `ABORTED`, and what
   *   the log throws; nothing has changed then
   */
  setBreach(breach: Breach, options: LogCallOptions = {}): Promise<void> {
    return this.#change(
      options,
      ({ parts }) => {
        checkOptions('setBreach', breach, BREACH_RULES);
        const checked = { ...breach, institution: parseInstitutionCode(breach.institution) };
        return { ...parts, breaches: withBreach(parts.breaches, checked) };
      },
      (_, { breaches }) => [breachEntry(breach, breaches)],
    );
  }

  /** One change after the other: into the log first, and only then into force. */
  #change(
    options: LogCallOptions,
    next: (state: CompiledState) => PermissionParts,
    entriesOf = (before: PermissionParts, after: PermissionParts): LogDraft[] =>
      entriesOfChange('permissions.replaced', before, after),
  ): Promise<void> {
    const turn = this.#turn.then(async () => {
      checkOptions('permissions', options, { signal: signalRule });
      throwIfAborted(options.signal);
      const parts = inAgreement(next(this.#state));
      const entries = entriesOf(this.#state.parts, parts);
      if (entries.length === 0) return;
      const state = compile(parts);
      await this.#log?.append(entries, options);
      this.#state = state;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
