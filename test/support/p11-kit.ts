import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ScratchToken } from './softhsm.js';
import { ensureSystemPackages, P11_KIT_CLIENT_MODULE, SOFTHSM_MODULE } from './system-packages.js';

/** A SoftHSM token behind a socket, as a network HSM would be. */
export interface RemoteToken {
  /** The module on this side of the socket. */
  readonly module: string;
  /** Kills the process that serves this one, by its id; gives that id. */
  readonly killServingProcess: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

const WAIT_MS = 20;
const MOST_WAITS = 500;

/**
 * Starts `p11-kit server` over a unix socket in the token's folder, and points this process's p11-kit-client at it. To
 * be called before the client module is first loaded. The server starts one `p11-kit-remote` process for every process
 * that connects; that one holds the login and the sessions.
 */
export async function serveToken({ folder, token }: ScratchToken): Promise<RemoteToken> {
  ensureSystemPackages('p11-kit', 'p11-kit-modules');
  const run = join(folder, 'run');
  mkdirSync(run, { mode: 0o700 });
  const socket = join(run, 'pkcs11');
  const server = spawn(
    'p11-kit',
    ['server', '-f', '-n', socket, '--provider', SOFTHSM_MODULE, `pkcs11:token=${token.label}`],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', () => resolve());
  });
  await until('the socket of p11-kit server', () => existsSync(socket) || undefined);
  process.env.P11_KIT_SERVER_ADDRESS = `unix:path=${socket}`;
  return {
    module: P11_KIT_CLIENT_MODULE,
    async killServingProcess() {
      const remote = await until('p11-kit-remote', () => childOf(server.pid, 'p11-kit-remote'));
      process.kill(remote, 'SIGKILL');
      await until('the end of p11-kit-remote', () => childOf(server.pid, 'p11-kit-remote') !== remote);
      return remote;
    },
    async stop() {
      server.kill();
      await ended;
    },
  };
}

/** Looks again and again until there is something to see. */
async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let k = 0; k < MOST_WAITS; k++) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await wait(WAIT_MS);
  }
  throw new Error(`${what} did not come about`);
}

/** Id of the child process that runs this program, if there is one. */
function childOf(parent: number | undefined, program: string): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The second field may hold blanks, the fields behind its bracket do not: state, then the parent's id.
      const [state, parentId] =
        readFileSync(`/proc/${entry}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
      if (state === 'Z' || Number(parentId) !== parent) continue;
      if (readlinkSync(`/proc/${entry}/exe`).endsWith(`/${program}`)) return Number(entry);
    } catch {
      // It ended while it was looked at.
    }
  }
  return undefined;
}
