import { type FileHandle, open, unlink } from 'node:fs/promises';
import { RenkeiError } from 'renkei';

/**
 * The place of a record or receipt, taken before anything is done: a ceremony must not end with a record that has
 * nowhere to go. Never an existing file.
 */
export class RecordFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * @param option how the command line names the file, for the error
   * @throws RenkeiError `OPTION_INVALID` when the file exists or cannot be made
   */
  static async reserve(path: string, option: string): Promise<RecordFile> {
    try {
      return new RecordFile(path, await open(path, 'wx'));
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
      const why = exists ? 'exists already and is never overwritten' : 'cannot be made';
      throw new RenkeiError('OPTION_INVALID', `the file of ${option} ${why}`);
    }
  }

  /** Writes the text to the disk. */
  async write(text: string): Promise<void> {
    try {
      await this.#handle.writeFile(text);
      await this.#handle.sync();
    } finally {
      await this.#handle.close();
    }
  }

  /** Gives the place up again. */
  async giveUp(): Promise<void> {
    await this.#handle.close();
    await unlink(this.#path);
  }
}
