import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import pkcs11js, { type PKCS11 } from 'pkcs11js';
import type { ScratchToken } from '../support/softhsm.js';

/** Something that goes wrong, really: produced from outside the library. */
export interface Fault {
  readonly name: string;
  /** True when nobody may be inside the module meanwhile: PKCS#11 itself would crash the process. */
  readonly exclusive: boolean;
  readonly strike: () => void | Promise<void>;
}

const OUTAGE_MS = 300;

/** The faults of a SoftHSM token in this process. A second user of the module logs out, closes and finalises. */
export function makeFaults(token: ScratchToken): {
  readonly faults: readonly Fault[];
  readonly end: () => void;
} {
  const stranger = new pkcs11js.PKCS11();
  stranger.load(token.module);
  const workers = new Set<Worker>();
  const remember = (worker: Worker) => {
    workers.add(worker);
    worker.once('exit', () => workers.delete(worker));
  };
  process.on('worker', remember);
  const tokens = join(token.folder, 'tokens');
  const faults: Fault[] = [
    { name: 'logged out', exclusive: true, strike: () => inSession(stranger, (s) => stranger.C_Logout(s)) },
    {
      name: 'all sessions closed',
      exclusive: true,
      strike: () => stranger.C_CloseAllSessions(slotOf(stranger)),
    },
    { name: 'module finalised', exclusive: true, strike: () => stranger.C_Finalize() },
    {
      name: 'module initialised again',
      exclusive: true,
      strike: () => {
        stranger.C_Finalize();
        stranger.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
        // Old session and key handles now mean somebody else's.
        const session = stranger.C_OpenSession(slotOf(stranger), pkcs11js.CKF_SERIAL_SESSION);
        stranger.C_Login(session, pkcs11js.CKU_USER, token.userPin);
      },
    },
    {
      name: 'token away and back',
      exclusive: false,
      strike: async () => {
        renameSync(tokens, `${tokens}-away`);
        await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
        renameSync(`${tokens}-away`, tokens);
      },
    },
    {
      // Ended inside a call, a thread can take the process with it: Node.js and pkcs11js do not promise otherwise.
      name: 'worker thread dead',
      exclusive: true,
      strike: async () => {
        const [worker] = workers;
        await worker?.terminate();
      },
    },
  ];
  return { faults, end: () => void process.off('worker', remember) };
}

function slotOf(module: PKCS11): Buffer {
  const [slot] = module.C_GetSlotList(true);
  if (slot === undefined) throw new Error('there is no slot');
  return slot;
}

function inSession(module: PKCS11, action: (session: Buffer) => void): void {
  const session = module.C_OpenSession(slotOf(module), pkcs11js.CKF_SERIAL_SESSION);
  try {
    action(session);
  } finally {
    module.C_CloseSession(session);
  }
}
