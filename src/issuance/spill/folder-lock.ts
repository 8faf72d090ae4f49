import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { RenkeiError } from '../../errors/renkei-error.js';
import { onDisk, spillFault } from './faults.js';

/** Names of the files a lock is made of. */
export const LOCK_FILE = /^lock-[0-9a-f]{16}$/;

/**
 * Keeps a folder to one process. Each who wants it listens on a socket of its own in it, and only then looks for
 * others: of two, the one who began to listen later finds the other; at worst both are refused. A process that dies
 * stops listening, whatever ended it, so that no lock outlives its holder and no process number has to be trusted.
 *
 * It holds for the processes of one machine, in containers too. It does not hold for two machines on one network file
 * system.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #descriptor: number;
  readonly #server: Server;
  readonly #name: string;
  #isOpen = true;

  private constructor(folder: string, descriptor: number, server: Server, name: string) {
    this.#folder = folder;
    this.#descriptor = descriptor;
    this.#server = server;
    this.#name = name;
  }

  /** @throws RenkeiError `SPILL_IN_USE` or `SPILL_FAULT` */
  static async take(folder: string): Promise<FolderLock> {
    const descriptor = onDisk('opening it', () => openSync(folder, 'r'));
    const name = `lock-${randomBytes(8).toString('hex')}`;
    const server = createServer((socket) => socket.destroy());
    const lock = new FolderLock(folder, descriptor, server, name);
    try {
      await listen(server, socketPath(folder, descriptor, name));
      // Waiting for others must not keep a process alive.
      server.unref();
      await lock.#requireAlone();
      return lock;
    } catch (error) {
      lock.release();
      throw spillFault('locking it', error);
    }
  }

  /** Lets go. May be called twice. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    rmSync(join(this.#folder, this.#name), { force: true });
    if (this.#server.listening) this.#server.close();
    closeSync(this.#descriptor);
  }

  async #requireAlone(): Promise<void> {
    const others = readdirSync(this.#folder).filter((file) => LOCK_FILE.test(file) && file !== this.#name);
    for (const other of others) {
      if (await isHeld(socketPath(this.#folder, this.#descriptor, other))) throw inUse();
    }
    for (const dead of others) rmSync(join(this.#folder, dead), { force: true });
    // Another may have taken this lock for a dead one before it listened.
    if (!existsSync(join(this.#folder, this.#name))) throw inUse();
  }
}

/** The path of a socket may have about a hundred bytes; on Linux there is a short way to every folder. */
function socketPath(folder: string, descriptor: number, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}/${name}` : join(folder, name);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Whatever else is wrong with it, somebody may be there.
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

function inUse(): RenkeiError {
  return new RenkeiError('SPILL_IN_USE', 'the spill folder is in use by another process or call');
}
