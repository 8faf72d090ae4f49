import { realpath } from 'node:fs/promises';
import { RenkeiError } from '../../errors/renkei-error.js';
import { FaultError } from './fault.js';

interface ModuleEntry {
  users: number;
  initialisedHere: boolean;
  libraryParameters: string | undefined;
  /** How often the module was initialised again: sessions opened before the last time are gone. */
  epoch: number;
  /** The last initialisation failed: whoever comes next tries again. */
  isDown: boolean;
  /** Calls that are inside the module. */
  inside: number;
  /** Ends when the last opening, closing or initialisation under way has ended; calls wait for it. */
  turn: Promise<unknown>;
  /** Set while somebody waits for the calls inside to end. */
  emptied: (() => void) | undefined;
}

/**
 * A PKCS#11 module is one for the whole process: whoever finalises it takes it from everybody, and whoever is inside
 * it then crashes the process. Users are counted by path; the first initialises, the last finalises. Openings,
 * closings and new initialisations of one module wait for each other and for all calls inside it. A module that
 * somebody else had initialised before is never finalised here.
 */
const modules = new Map<string, ModuleEntry>();

/** A counted reference to a module. */
export class ModuleReference {
  readonly #entry: ModuleEntry;

  private constructor(entry: ModuleEntry) {
    this.#entry = entry;
  }

  /**
   * Counts one user in.
   *
   * @param start initialises the module; says whether it was this call that did
   */
  static async acquire(
    path: string,
    libraryParameters: string | undefined,
    start: () => Promise<{ readonly initialisedHere: boolean }>,
  ): Promise<ModuleReference> {
    const key = await realpath(path).catch(() => path);
    const entry = modules.get(key) ?? {
      users: 0,
      initialisedHere: false,
      libraryParameters,
      epoch: 0,
      isDown: false,
      inside: 0,
      turn: Promise.resolve(),
      emptied: undefined,
    };
    modules.set(key, entry);
    return inTurn(entry, async () => {
      if (entry.users > 0 && entry.libraryParameters !== libraryParameters) {
        throw new RenkeiError('OPTION_INVALID', 'the module is open with other libraryParameters');
      }
      const { initialisedHere } = await start();
      if (entry.users === 0) {
        entry.initialisedHere = initialisedHere;
        entry.libraryParameters = libraryParameters;
      }
      entry.users++;
      return new ModuleReference(entry);
    });
  }

  /** How often the module was initialised again since the process began. */
  get epoch(): number {
    return this.#entry.epoch;
  }

  /** Runs a call inside the module, once no initialisation is under way. */
  async inside<T>(action: () => Promise<T>): Promise<T> {
    const entry = this.#entry;
    // Another turn may have been taken while this call waited for the one before.
    for (let turn: unknown; turn !== entry.turn; ) {
      turn = entry.turn;
      await turn;
    }
    entry.inside++;
    try {
      return await action();
    } finally {
      entry.inside--;
      if (entry.inside === 0) entry.emptied?.();
    }
  }

  /**
   * Loads the module in another thread with nobody inside it: should somebody have taken it down meanwhile, this
   * initialises it, and a module in the midst of that crashes whoever calls it.
   *
   * @param patienceMs how long to wait for the calls inside
   */
  load(patienceMs: number, start: () => Promise<{ readonly initialisedHere: boolean }>): Promise<void> {
    const entry = this.#entry;
    return inTurn(entry, async () => {
      await emptied(entry, patienceMs);
      const { initialisedHere } = await start();
      if (!initialisedHere) return;
      entry.epoch++;
      entry.isDown = false;
      entry.initialisedHere = true;
    });
  }

  /**
   * Initialises the module again with nobody inside it. Does nothing when somebody has done so since `epoch`. All
   * other calls wait meanwhile, so the wait for those inside has an end: one of them may hang.
   *
   * @param patienceMs how long to wait for the calls inside
   * @param action takes the module down where it is told to (a module that somebody else initialised is not ours to
   *   take down), and up; says whether it was this call that initialised it
   */
  reinitialise(
    epoch: number,
    patienceMs: number,
    action: (finalize: boolean) => Promise<{ readonly initialisedHere: boolean }>,
  ): Promise<void> {
    const entry = this.#entry;
    return inTurn(entry, async () => {
      if (entry.epoch !== epoch && !entry.isDown) return;
      await emptied(entry, patienceMs);
      entry.epoch++;
      entry.isDown = true;
      const { initialisedHere } = await action(entry.initialisedHere);
      entry.isDown = false;
      entry.initialisedHere ||= initialisedHere;
    });
  }

  /**
   * Counts this user out.
   *
   * @param stop lets go of the sessions, and of the module when told that nobody is left
   */
  release(stop: (finalize: boolean) => Promise<void>): Promise<void> {
    return inTurn(this.#entry, async () => {
      this.#entry.users--;
      // With somebody still inside, left behind by a vault that was closed, the process would crash.
      const { users, initialisedHere, inside } = this.#entry;
      await stop(users === 0 && initialisedHere && inside === 0);
    });
  }
}

/**
 * Waits until nobody is inside, but not for ever.
 *
 * @throws FaultError `device`
 */
async function emptied(entry: ModuleEntry, patienceMs: number): Promise<void> {
  if (entry.inside === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patienceMs);
    entry.emptied = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  entry.emptied = undefined;
  if (entry.inside > 0) throw new FaultError('device', 'a call inside the module does not end');
}

/** Runs one opening, closing or initialisation after those before it, whether they succeeded or not. */
function inTurn<T>(entry: ModuleEntry, action: () => Promise<T>): Promise<T> {
  const result = entry.turn.then(action);
  entry.turn = result.catch(() => undefined);
  return result;
}
