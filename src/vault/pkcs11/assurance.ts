import { RenkeiError } from '../../errors/renkei-error.js';
import type { Assurance, AssuranceLevel, AssuranceName, KeyAssurance } from '../port.js';
import type { Engine } from './options.js';

const NAMES: readonly AssuranceName[] = ['software', 'host-visible', 'hsm-sealed', 'hsm-enforced'];

/** The level of a vault: the lowest of its keys, and never above 1 for the bulk engine. */
export function summarise(engine: Engine, keys: readonly KeyAssurance[]): Assurance {
  const reasons = keys.flatMap(({ name, reasons: why }) => why.map((reason) => `${name}: ${reason}`));
  const levels = keys.map(({ level }) => level);
  if (engine === 'bulk') {
    levels.push(1);
    reasons.unshift('the bulk engine shows linkage codes to the host');
  }
  // Without a key nothing is proved.
  if (keys.length === 0) {
    levels.push(engine === 'bulk' ? 1 : 2);
    reasons.push('there are no keys to prove anything with');
  }
  const level = Math.min(...levels) as AssuranceLevel;
  return { level, name: NAMES[level] as AssuranceName, basis: 'attributes-and-attacks', reasons, keys };
}

/**
 * Refuses what is below the least level an application accepts.
 *
 * @throws RenkeiError `ASSURANCE_TOO_LOW`, with the reasons
 */
export function requireLevel(least: AssuranceLevel, { level, name, reasons }: Assurance): void {
  if (level >= least) return;
  const shown = reasons.slice(0, 3).join('; ');
  throw new RenkeiError('ASSURANCE_TOO_LOW', `level ${level} (${name}) is below ${least}: ${shown}`);
}
