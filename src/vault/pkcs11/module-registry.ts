import { realpath } from 'node:fs/promises';
import { RenkeiError } from '../../errors/renkei-error.js';

interface ModuleEntry {
  users: number;
  initialisedHere: boolean;
  libraryParameters: string | undefined;
  /** Ends when the last opening or closing under way has ended. */
  turn: Promise<unknown>;
}

/**
 * A PKCS#11 module is one for the whole process: whoever finalises it takes it from everybody. Users are counted by
 * path; the first initialises, the last finalises, and openings and closings of one module wait for each other.
 * A module that somebody else had initialised before is never finalised here.
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
    let entry = modules.get(key);
    if (entry === undefined) {
      entry = { users: 0, initialisedHere: false, libraryParameters, turn: Promise.resolve() };
      modules.set(key, entry);
    }
    const counted = entry;
    return inTurn(counted, async () => {
      if (counted.users > 0 && counted.libraryParameters !== libraryParameters) {
        throw new RenkeiError('OPTION_INVALID', 'the module is open with other libraryParameters');
      }
      const { initialisedHere } = await start();
      if (counted.users === 0) {
        counted.initialisedHere = initialisedHere;
        counted.libraryParameters = libraryParameters;
      }
      counted.users++;
      return new ModuleReference(counted);
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
      await stop(this.#entry.users === 0 && this.#entry.initialisedHere);
    });
  }
}

/** Runs one opening or closing after those before it, whether they succeeded or not. */
function inTurn<T>(entry: ModuleEntry, action: () => Promise<T>): Promise<T> {
  const result = entry.turn.then(action);
  entry.turn = result.catch(() => undefined);
  return result;
}
