import type { RenkeiErrorCode } from '../../errors/codes.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { VaultFault } from '../events.js';

/**
 * What a module's answer says is broken, and with it what mends it: a new session; a new login and a new search for
 * the keys; a new initialisation of the module.
 */
export type ModuleFault = Exclude<VaultFault, 'worker'>;

/** A failure that the right recovery may mend, after which the same may be tried again. */
export class FaultError extends RenkeiError {
  /** What is broken. */
  readonly fault: ModuleFault;

  constructor(fault: ModuleFault, message: string, code: RenkeiErrorCode = 'MODULE_FAULT') {
    super(code, message);
    this.fault = fault;
  }
}

/** What is broken, if anything is. */
export function faultOf(error: unknown): VaultFault | undefined {
  if (error instanceof FaultError) return error.fault;
  return error instanceof RenkeiError && error.code === 'WORKER_LOST' ? 'worker' : undefined;
}
