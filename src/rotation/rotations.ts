import { Redacted } from '../bytes/redacted.js';
import { parseAuditKey } from '../codes/key-names.js';
import { checkOptions } from '../errors/options.js';
import { logged } from '../lifecycle/operation-log.js';
import { quietly } from '../lifecycle/quietly.js';
import { beginRotation } from './begin.js';
import { type RotationContext, readRotation } from './context.js';
import { PLAN_RULES, type PlanOptions, ROTATIONS_RULES, type RotationsOptions } from './options.js';
import { planRotation } from './plan.js';
import { checkRequest, type RotationRequest } from './requests.js';
import { Rotation } from './rotation.js';
import type { RotationPlan } from './rotation-plan.js';

/** Plans, begins and finds rotations of one store. Made by {@link openRotations}. */
export class Rotations extends Redacted {
  readonly #context: RotationContext;

  /** @internal */
  constructor(context: RotationContext) {
    super();
    this.#context = context;
  }

  /**
   * Says what a rotation would be, what it needs and how long it may take by rates measured on the spot. Changes
   * nothing.
   *
   * @throws RenkeiError an option error, `INSTITUTION_UNKNOWN`, `RECORD_PERIOD_UNKNOWN`, `VERSION_INVALID`,
   *   `GENERATION_INVALID`, a vault or store error
   */
  async plan(request: RotationRequest, options: PlanOptions = {}): Promise<RotationPlan> {
    checkRequest(request);
    checkOptions('plan', options, PLAN_RULES);
    return planRotation(this.#context, request, options);
  }

  /**
   * Begins a rotation. Its new keys must be in the vault.
   *
   * @throws RenkeiError as {@link Rotations.plan}; `ROTATION_CONFLICT` when another is under way, `KEY_NOT_FOUND`,
   *   `ENGINE_REFUSED`, `KEY_FINGERPRINT_MISMATCH`, `KEY_NOT_DISTINCT`
   */
  async begin(request: RotationRequest): Promise<Rotation> {
    checkRequest(request);
    const id = await logged({
      log: this.#context.log,
      event: 'rotation.begin',
      details:
        request.kind === 'institution'
          ? { kind: request.kind, institution: request.institution }
          : { kind: request.kind },
      run: () => beginRotation(this.#context, request),
      outcome: (rotation) => ({ rotation }),
    });
    return this.get(id);
  }

  /** All rotations, the oldest first. */
  async list(): Promise<readonly Rotation[]> {
    const records = await this.#context.store.rotations();
    return records.map((record) => new Rotation(this.#context, record));
  }

  /** @throws RenkeiError `ROTATION_UNKNOWN` */
  async get(id: number): Promise<Rotation> {
    return new Rotation(this.#context, (await readRotation(this.#context, id)).record);
  }
}

/**
 * Opens the rotations of a store.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `KEY_NAME_INVALID`
 */
export async function openRotations(options: RotationsOptions): Promise<Rotations> {
  checkOptions('openRotations', options, ROTATIONS_RULES);
  const { vault, store, log, now = Date.now, observe } = options;
  const auditKey = parseAuditKey(options.auditKey);
  return new Rotations({ vault, store, auditKey, log, now, observe: quietly(observe) });
}
