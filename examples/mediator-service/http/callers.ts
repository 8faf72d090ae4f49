import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { type Identity, type Role, readIdentity } from './identity.js';
import { Problem } from './problem.js';

/** What is known of a connection. */
interface Caller {
  readonly identity: Identity;
  /** How often certificates had been read when it was made. */
  readonly epoch: number;
}

/** Who is at the other end of each connection: read from its certificate once. */
export class Callers {
  readonly #bySocket = new WeakMap<TLSSocket, Caller>();
  /** How often certificates had been read when each connection began whose handshake is not over, by its far end. */
  readonly #begun = new Map<string, number>();
  /** 機関コード of those that take part. */
  readonly #institutions: ReadonlySet<string>;
  #epoch = 0;

  constructor(institutions: readonly string[]) {
    this.#institutions = new Set(institutions);
  }

  /** Notes a connection before its handshake: the list of revoked certificates that holds for it is the one of now. */
  readonly begun = (socket: Socket): void => {
    const end = farEnd(socket);
    this.#begun.set(end, this.#epoch);
    socket.once('close', () => this.#begun.delete(end));
  };

  /** Notes a connection when its handshake is over. */
  readonly connected = (socket: TLSSocket): void => {
    const epoch = this.#begun.get(farEnd(socket));
    if (epoch === undefined) return;
    try {
      this.#bySocket.set(socket, { identity: readIdentity(socket), epoch });
    } catch {
      // Whoever it is, the first request learns that nobody is known.
    }
  };

  /**
   * Certificates were read again: whoever is connected has to connect anew, since the certificate may be revoked by
   * now.
   */
  outdate(): void {
    this.#epoch++;
  }

  /**
   * Who makes a request.
   *
   * @throws Problem `CERTIFICATE_UNKNOWN` or `CONNECTION_OUTDATED`
   */
  identify({ raw }: FastifyRequest): Identity {
    const caller = this.#bySocket.get(raw.socket as TLSSocket);
    if (caller === undefined) throw new Problem('CERTIFICATE_UNKNOWN');
    const { identity, epoch } = caller;
    if ('institution' in identity && !this.#institutions.has(identity.institution)) {
      throw new Problem('CERTIFICATE_UNKNOWN');
    }
    if (epoch !== this.#epoch) throw new Problem('CONNECTION_OUTDATED');
    return identity;
  }
}

/** Whom a connection leads to: no two that are open lead to the same. */
function farEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Lets only holders of one role through.
 *
 * @throws Problem `ROLE_REFUSED`
 */
export function requireRole<R extends Role>(identity: Identity, role: R): Holder<R> {
  if (identity.role !== role) throw new Problem('ROLE_REFUSED');
  return identity as Holder<R>;
}

/**
 * Lets an institution through that speaks for itself.
 *
 * @param named whom the request names as its sender
 * @throws Problem `ROLE_REFUSED` or `INSTITUTION_MISMATCH`
 */
export function requireOwn(identity: Identity, named: string): void {
  if (requireRole(identity, 'institution').institution !== named) throw new Problem('INSTITUTION_MISMATCH');
}

/** Holders of a role. */
type Holder<R extends Role> = Identity extends infer One ? (One extends { role: R } ? One : never) : never;
