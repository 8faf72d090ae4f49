import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditLogEvent, MediationEvent, VaultEvent } from 'renkei';

/** Seconds: from a tenth of what a mediated request takes to a long poll. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What Prometheus collects: counts and durations. No institution, no person, no request. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Histogram({
    name: 'renkei_http_request_duration_seconds',
    help: 'Requests by route and status, and how long they took',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #refusedHandshakes = new Counter({
    name: 'renkei_tls_handshakes_refused_total',
    help: 'TLS handshakes that were refused, by reason',
    labelNames: ['reason'],
    registers: [this.#registry],
  });
  readonly #outcomes = new Counter({
    name: 'renkei_mediation_outcomes_total',
    help: 'Requests by what became of them',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #answers = new Counter({
    name: 'renkei_provider_answers_total',
    help: "Providers' answers that were put on record",
    registers: [this.#registry],
  });
  readonly #vaultCalls = new Histogram({
    name: 'renkei_vault_call_duration_seconds',
    help: 'Calls of the vault by operation, and how long they took',
    labelNames: ['operation', 'result'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #vaultFaults = new Counter({
    name: 'renkei_vault_faults_total',
    help: 'Faults of the HSM by what was broken',
    labelNames: ['fault'],
    registers: [this.#registry],
  });

  readonly #checkpointSize = new Gauge({
    name: 'renkei_log_checkpoint_entries',
    help: 'Entries of the operation log that the last checkpoint speaks of',
    registers: [this.#registry],
  });
  readonly #failedCheckpoints = new Counter({
    name: 'renkei_log_checkpoints_failed_total',
    help: 'Checkpoints that could not be made, by why',
    labelNames: ['code'],
    registers: [this.#registry],
  });

  /** @param waitingNotices how many notices wait for providers */
  constructor(waitingNotices: () => number) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'renkei_outbox_notices',
      help: 'Notices that wait for providers',
      registers: [this.#registry],
      collect() {
        this.set(waitingNotices());
      },
    });
  }

  /** Content type of {@link Metrics.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** A request was answered. */
  answered(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** A client was refused by its certificate, or for want of one. */
  refusedHandshake(reason: string): void {
    this.#refusedHandshakes.inc({ reason });
  }

  /** Takes the events of a mediator. */
  readonly observeMediation = (event: MediationEvent): void => {
    if (event.type === 'answers') {
      this.#answers.inc(event.recorded);
      return;
    }
    const { type: _, requests: __, ...outcomes } = event;
    for (const [outcome, count] of Object.entries(outcomes)) this.#outcomes.inc({ outcome }, count);
  };

  /** Takes the events of an operation log. */
  readonly observeLog = (event: AuditLogEvent): void => {
    if (event.event === 'checkpoint') this.#checkpointSize.set(event.size);
    else this.#failedCheckpoints.inc({ code: event.code });
  };

  /** Takes the events of a vault. */
  readonly observeVault = (event: VaultEvent): void => {
    if (event.type === 'call') {
      const { operation, error, durationMs } = event;
      this.#vaultCalls.observe({ operation, result: error ?? 'ok' }, durationMs / 1_000);
    } else if (event.type === 'fault') {
      this.#vaultFaults.inc({ fault: event.fault });
    }
  };

  /** Everything in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
