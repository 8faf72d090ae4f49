import { parentPort } from 'node:worker_threads';
import type { PKCS11 } from 'pkcs11js';
import { wipe } from '../../../bytes/wipe.js';
import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../../subjects/resident-record-code.js';
import { FaultError } from '../fault.js';
import {
  type AnswerMessage,
  abortFlag,
  type ComputeRequest,
  type FailureMessage,
  layOut,
  type OpenRequest,
  type RequestMessage,
  type RequestName,
  type Requests,
} from '../protocol.js';
import { sign } from './audit-key.js';
import { BulkEngine } from './bulk-engine.js';
import { describeKey, destroyKey } from './describe-key.js';
import { describeToken } from './describe-token.js';
import type { SessionEngine } from './engine.js';
import { calling, moduleError } from './faults.js';
import { findKeys, KeyRing } from './key-ring.js';
import { listKeys } from './list-keys.js';
import { lockDownKey } from './lock-down.js';
import { proveKey } from './proof.js';
import { provisionKey } from './provision.js';
import { SealedEngine } from './sealed-engine.js';
import {
  abandonSession,
  loadModule,
  logIn,
  needsLogin,
  openSession,
  reinitialise,
  type Session,
} from './session.js';

/** The entry of a worker thread: one module, one session, one request at a time. All its calls are synchronous. */

let module: PKCS11 | undefined;
let session: Session | undefined;
let engine: SessionEngine | undefined;
let keys: KeyRing | undefined;

const handlers: { [N in RequestName]: (request: Requests[N]['request']) => Requests[N]['answer'] } = {
  start(request) {
    const loaded = loadModule(request);
    module = loaded.module;
    return { initialisedHere: loaded.initialisedHere };
  },
  reinitialise({ libraryParameters, finalize }) {
    session = undefined;
    return { initialisedHere: reinitialise(opened(module), libraryParameters, finalize) };
  },
  open(request) {
    if (session !== undefined) abandonSession(session);
    session = undefined;
    session = openSession(opened(module), request);
    engine = makeEngine(session, request);
    if (engine !== undefined) keys = new KeyRing(session, engine.fingerprint);
    return { needsLogin: needsLogin(session) };
  },
  login({ pin, role }) {
    try {
      logIn(opened(session), role, pin);
    } finally {
      wipe(new Uint8Array(pin));
    }
    return null;
  },
  logout() {
    const { module: loaded, handle } = opened(session);
    calling('C_Logout', () => loaded.C_Logout(handle));
    return null;
  },
  present({ names }) {
    const open = opened(session);
    return { names: names.filter((name) => findKeys(open, name).length > 0) };
  },
  fingerprint({ key }) {
    return { fingerprint: opened(keys).find(key).fingerprint };
  },
  prove({ key }) {
    return proveKey(opened(session), opened(keys), key);
  },
  compute(request) {
    return { refusals: compute(opened(engine), opened(keys), request) };
  },
  provision(request) {
    return provisionKey(opened(session), request);
  },
  describeToken: () => describeToken(opened(session)),
  listKeys: () => listKeys(opened(session)),
  describeKey: ({ name }) => describeKey(opened(session), name),
  lockDown: ({ name }) => lockDownKey(opened(session), name),
  destroyKey: (request) => destroyKey(opened(session), request),
  sign: (request) => sign(opened(session), request),
  stop({ finalize }) {
    if (module !== undefined) stop(module, session, finalize);
    return null;
  },
};

function makeEngine(open: Session, { engine: kind, chunkBytes }: OpenRequest): SessionEngine | undefined {
  if (kind === undefined) return undefined;
  return kind === 'sealed' ? new SealedEngine(open) : new BulkEngine(open, chunkBytes);
}

function compute(by: SessionEngine, ring: KeyRing, request: ComputeRequest) {
  const { shared, rows, firstIndex, source, fingerprints } = request;
  const width = source.kind === 'residents' ? RESIDENT_RECORD_CODE_LENGTH : CODE_LENGTH;
  const place = layOut(rows, width, CODE_LENGTH, request.to.length);
  const flag = abortFlag(shared);
  const from =
    source.kind === 'codes' ? ring.use(source.from, fingerprints[source.from], by.usages.unwrap) : undefined;
  const links = request.links.map((name) => ring.use(name, fingerprints[name], by.usages.link));
  const to = request.to.map((name) => ring.use(name, fingerprints[name], by.usages.wrap));
  const refusals = by.compute({
    rows,
    firstIndex,
    input: new Uint8Array(shared, place.input, place.inputBytes),
    from,
    links,
    to,
    outputs: request.to.map((_, k) => new Uint8Array(shared, place.output(k), place.outputBytes)),
    checkAbort: () => {
      if (Atomics.load(flag, 0) !== 0) throw new RenkeiError('ABORTED', 'the call was aborted by its caller');
    },
  });
  // Not before: a handle may have come to mean another key while the chunk was computed.
  ring.recheck([...links, ...to, ...(from === undefined ? [] : [from])]);
  return refusals;
}

/** Never logs out: other vaults of this process may share the login, which ends with the last session. */
function stop(loaded: PKCS11, open: Session | undefined, finalize: boolean): void {
  try {
    if (open !== undefined) calling('C_CloseSession', () => loaded.C_CloseSession(open.handle));
  } finally {
    if (finalize) calling('C_Finalize', () => loaded.C_Finalize());
    loaded.close();
    session = undefined;
    module = undefined;
  }
}

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new RenkeiError('MODULE_FAULT', 'the worker has no open session');
  return value;
}

function failureOf(error: unknown): FailureMessage {
  const cause = moduleError('the worker', error);
  const { code, message } = cause;
  return cause instanceof FaultError ? { code, message, fault: cause.fault } : { code, message };
}

parentPort?.on('message', ({ id, name, request }: RequestMessage) => {
  let message: AnswerMessage;
  try {
    message = { id, answer: handlers[name](request as never) };
  } catch (error) {
    message = { id, failure: failureOf(error) };
  }
  parentPort?.postMessage(message);
});
