import type { PKCS11 } from 'pkcs11js';
import { wipe } from '../../../bytes/wipe.js';
import type { KeyName } from '../../../codes/key-names.js';
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
import { publicKeyOf, sign } from './audit-key.js';
import { BulkEngine } from './bulk-engine.js';
import { describeKey, destroyKey, requireGone } from './describe-key.js';
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

/** How a module is loaded; tests pass one that breaks. */
export type LoadModule = typeof loadModule;

/**
 * What a worker thread is: one module, one session, one request at a time. All its calls are synchronous, and every
 * request gets an answer or a failure that can be sent between threads.
 */
export class WorkerSession {
  readonly #load: LoadModule;
  #module: PKCS11 | undefined;
  #session: Session | undefined;
  #engine: SessionEngine | undefined;
  #keys: KeyRing | undefined;

  constructor(load: LoadModule = loadModule) {
    this.#load = load;
  }

  /** Answers a request; never throws. */
  answer({ id, name, request }: RequestMessage): AnswerMessage {
    try {
      return { id, answer: this.#handlers[name](request as never) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  }

  readonly #handlers: { [N in RequestName]: (request: Requests[N]['request']) => Requests[N]['answer'] } = {
    start: (request) => {
      const { module, initialisedHere } = this.#load(request);
      this.#module = module;
      return { initialisedHere };
    },
    reinitialise: ({ libraryParameters, finalize }) => {
      this.#session = undefined;
      return { initialisedHere: reinitialise(opened(this.#module), libraryParameters, finalize) };
    },
    forget: () => {
      this.#session = undefined;
      return null;
    },
    open: (request) => {
      if (this.#session !== undefined) abandonSession(this.#session);
      this.#session = undefined;
      this.#keys = undefined;
      const session = openSession(opened(this.#module), request);
      this.#session = session;
      this.#engine = makeEngine(session, request);
      if (this.#engine !== undefined) this.#keys = new KeyRing(session, this.#engine.fingerprint);
      return { needsLogin: needsLogin(session) };
    },
    login: ({ pin, role }) => {
      try {
        logIn(opened(this.#session), role, pin);
      } finally {
        wipe(new Uint8Array(pin));
      }
      return null;
    },
    logout: () => {
      const { module, handle } = opened(this.#session);
      calling('C_Logout', () => module.C_Logout(handle));
      return null;
    },
    present: ({ names }) => {
      const session = opened(this.#session);
      return { names: names.filter((name) => findKeys(session, name).length > 0) };
    },
    fingerprint: ({ key }) => ({ fingerprint: opened(this.#keys).findAnew(key).fingerprint }),
    prove: ({ key }) => proveKey(opened(this.#session), opened(this.#keys), key),
    compute: (request) => {
      const keys = opened(this.#keys);
      try {
        return { refusals: compute(opened(this.#engine), keys, request) };
      } catch (error) {
        throw keys.explain(error, Object.keys(request.fingerprints) as KeyName[]);
      }
    },
    provision: (request) => provisionKey(opened(this.#session), request),
    describeToken: () => describeToken(opened(this.#session)),
    listKeys: () => listKeys(opened(this.#session)),
    describeKey: ({ name }) => describeKey(opened(this.#session), name),
    lockDown: ({ name }) => lockDownKey(opened(this.#session), name),
    destroyKey: (request) => destroyKey(opened(this.#session), request),
    sign: (request) => sign(opened(this.#session), request),
    publicKey: ({ key }) => publicKeyOf(opened(this.#session), { key }),
    requireGone: ({ name }) => requireGone(opened(this.#session), name),
    stop: ({ finalize }) => {
      const module = this.#module;
      const session = this.#session;
      this.#module = undefined;
      this.#session = undefined;
      if (module !== undefined) stop(module, session, finalize);
      return null;
    },
  };
}

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
  }
}

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new FaultError('session', 'the worker has no open session');
  return value;
}

function failureOf(error: unknown): FailureMessage {
  const cause = moduleError('the worker', error);
  const { code, message } = cause;
  return cause instanceof FaultError ? { code, message, fault: cause.fault } : { code, message };
}
