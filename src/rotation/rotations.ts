import { Redacted } from '../bytes/redacted.js';
import { checkOptions } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { type PlanOptions, ROTATIONS_RULES, type RotationsOptions } from './options.js';
import type { RotationRequest } from './requests.js';
import type { Rotation } from './rotation.js';
import type { RotationPlan } from './rotation-plan.js';

/** Plans, begins and finds rotations of one store. */
export class Rotations extends Redacted {
  async plan(_request: RotationRequest, _options: PlanOptions = {}): Promise<RotationPlan> {
    throw new RenkeiError('ROTATION_UNSUPPORTED', 'not built yet');
  }
  async begin(_request: RotationRequest): Promise<Rotation> {
    throw new RenkeiError('ROTATION_UNSUPPORTED', 'not built yet');
  }
  async list(): Promise<readonly Rotation[]> {
    throw new RenkeiError('ROTATION_UNSUPPORTED', 'not built yet');
  }
  async get(_id: number): Promise<Rotation> {
    throw new RenkeiError('ROTATION_UNSUPPORTED', 'not built yet');
  }
}

/**
 * Opens the rotations of a store.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `KEY_NAME_INVALID`
 */
export async function openRotations(options: RotationsOptions): Promise<Rotations> {
  checkOptions('openRotations', options, ROTATIONS_RULES);
  return new Rotations();
}
