/** A round of requests was served: its calls of the vault shared, its records in one transaction. */
export interface MediationRoundEvent {
  /** Tells the events apart. */
  readonly type: 'round';
  /** Requests in it, without those whose callers gave up before. */
  readonly requests: number;
  /** Of these, new on record by outcome. */
  readonly forwarded: number;
  /** 令26条2項. */
  readonly providerHasNoCode: number;
  /** 令26条4項, 番号法21条2項. */
  readonly notPermitted: number;
  /** Codes that lead to nobody. */
  readonly invalidCode: number;
  /** Requests whose inquirer had used their name already: repeated, or in conflict with what is on record. */
  readonly repeated: number;
  /** Requests that failed, to be made again. */
  readonly failed: number;
}

/** Provider's answers were recorded. */
export interface MediationAnswersEvent {
  /** Tells the events apart. */
  readonly type: 'answers';
  /** Answers given. */
  readonly answers: number;
  /** Of these, new on record. */
  readonly recorded: number;
}

/** What a mediator tells its observer. A closed union; counts, never content. */
export type MediationEvent = MediationRoundEvent | MediationAnswersEvent;

/** Told what happens. What it throws is ignored. */
export type MediationObserver = (event: MediationEvent) => void;
