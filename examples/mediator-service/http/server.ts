import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { Callers } from './callers.js';
import { describeApi } from './description.js';
import { handleErrors } from './error-handling.js';
import type { Identity } from './identity.js';
import type { Metrics } from './metrics.js';
import { Problem } from './problem.js';
import { PROBLEM } from './schemas.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request. */
    caller: Identity;
    /**
     * Whoever has waited may have been revoked meanwhile.
     *
     * @throws Problem `CONNECTION_OUTDATED`
     */
    requireCurrent(): void;
  }
}

/** Options of {@link Face}. */
export interface FaceOptions {
  /** Certificates, keys and list of revoked ones; read again by {@link Face.readCertificates}. */
  readonly certificates: () => SecureContextOptions;
  /** 機関コード of those that take part. */
  readonly institutions: readonly string[];
  readonly metrics: Metrics;
  /** Most requests of one institution in a second. */
  readonly requestsPerSecond: number;
}

const MOST_BODY_BYTES = 65_536;
const HANDSHAKE_MS = 5_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 65_000;

/** The HTTP face: mutual TLS, identities, limits, errors, metrics and log. Routes are added to it. */
export class Face {
  readonly app: FastifyInstance<Server>;
  readonly #options: FaceOptions;
  readonly #callers: Callers;
  #isStopping = false;

  private constructor(options: FaceOptions) {
    this.#options = options;
    this.#callers = new Callers(options.institutions);
    this.app = Fastify({
      https: {
        ...options.certificates(),
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
        // Whoever does not say who it is holds up neither the service nor its stopping.
        handshakeTimeout: HANDSHAKE_MS,
        headersTimeout: HEADERS_MS,
      },
      exposeHeadRoutes: false,
      bodyLimit: MOST_BODY_BYTES,
      requestTimeout: REQUEST_MS,
      handlerTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
      logger: { level: 'info', base: null, stream: process.stderr },
      requestIdHeader: false,
      genReqId: () => randomUUID(),
      return503OnClosing: false,
      ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    });
  }

  /** Makes the face without routes. */
  static async open(options: FaceOptions): Promise<Face> {
    const face = new Face(options);
    await face.#build();
    return face;
  }

  /** True once the service does not take requests any more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Reads certificates and the list of revoked ones again. Whoever is connected has to connect anew. */
  readCertificates(): void {
    const { server } = this.app;
    server.setSecureContext(this.#options.certificates());
    // A session that was begun under a certificate could be taken up again without it being looked at.
    server.setTicketKeys(randomBytes(48));
    this.#callers.outdate();
    server.closeIdleConnections();
  }

  /** Takes no more requests, and lets those under way end. */
  async close(): Promise<void> {
    this.#isStopping = true;
    await this.app.close();
  }

  async #build(): Promise<void> {
    const { app } = this;
    const { metrics } = this.#options;
    app.server.on('connection', this.#callers.begun);
    app.server.on('secureConnection', this.#callers.connected);
    app.server.on('tlsClientError', (error: NodeJS.ErrnoException, { authorizationError }) => {
      // With a certificate that does not hold, the handshake is over and the connection is destroyed: this says why.
      const reason = `${authorizationError ?? error.code ?? 'unknown'}`;
      metrics.refusedHandshake(reason);
      app.log.warn({ reason }, 'handshake refused');
    });
    app.addSchema(PROBLEM);
    handleErrors(app);
    app.decorateRequest('caller');
    const callers = this.#callers;
    app.decorateRequest('requireCurrent', function () {
      callers.identify(this);
    });
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(SECURITY_HEADERS);
      if (this.#isStopping) throw new Problem('STOPPING');
      request.caller = this.#callers.identify(request);
    });
    app.addHook('onResponse', async ({ method, routeOptions, caller, log }, { statusCode, elapsedTime }) => {
      const route = routeOptions.url ?? 'none';
      metrics.answered(method, route, statusCode, elapsedTime / 1_000);
      log.info({ method, route, status: statusCode, ms: Math.round(elapsedTime), caller }, 'answered');
    });
    await app.register(rateLimit, {
      max: this.#options.requestsPerSecond,
      timeWindow: 1_000,
      keyGenerator: ({ caller }) => ('institution' in caller ? caller.institution : caller.role),
      errorResponseBuilder: () => new Problem('RATE_LIMITED'),
    });
    await app.register(swagger, describeApi());
  }
}

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};
