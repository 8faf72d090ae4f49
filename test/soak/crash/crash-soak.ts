import { provisionKeys } from 'renkei/pkcs11';
import { makeScratchToken } from '../../support/softhsm.js';
import { Dice } from './dice.js';
import type { CrashSoakOptions } from './options.js';
import type { Phase } from './phases.js';
import type { VaultPlace } from './places.js';
import { SOAK_KEYS } from './population.js';
import { type PhaseResult, runPhase } from './run-phase.js';
import { postgresSite, sqliteSite } from './sites.js';

/** What the whole soak comes to; all but the first two must be 0. */
export type Summary = Pick<
  PhaseResult,
  'kills' | 'acknowledged' | 'lost' | 'duplicated' | 'wrong' | 'fsckFindings'
>;

const FINDINGS_SHOWN = 10;

/** Runs the parts of a crash soak one after the other. @param print takes a line about each */
export async function runCrashSoak(
  phases: readonly Phase[],
  { kills, seed, lossy }: Pick<CrashSoakOptions, 'kills' | 'seed' | 'lossy'>,
  print: (line: string) => void,
): Promise<Summary> {
  const dice = new Dice(seed);
  const shares = phases.reduce((sum, { share }) => sum + share, 0);
  const summary = { kills: 0, acknowledged: 0, lost: 0, duplicated: 0, wrong: 0, fsckFindings: 0 };
  for (const phase of phases) {
    const site = await (phase.store === 'sqlite' ? sqliteSite() : postgresSite());
    const { vault, remove } = await makeVault(phase);
    try {
      const share = Math.ceil((kills * phase.share) / shares);
      const result = await runPhase(phase, { site, vault, kills: share, dice, lossy });
      print(lineOf(phase, result));
      for (const finding of result.findings.slice(0, FINDINGS_SHOWN)) print(`  ${finding}`);
      for (const name of Object.keys(summary) as (keyof Summary)[]) summary[name] += result[name];
    } finally {
      remove();
      await site.remove();
    }
  }
  return summary;
}

/** True when nothing is wrong. */
export function isClean({ lost, duplicated, wrong, fsckFindings }: Summary): boolean {
  return lost + duplicated + wrong + fsckFindings === 0;
}

export function summaryLine({ kills, acknowledged, lost, duplicated, wrong, fsckFindings }: Summary): string {
  return (
    `kills ${kills}, acknowledged ${acknowledged}, lost ${lost}, duplicated ${duplicated}, ` +
    `wrong ${wrong}, fsck findings ${fsckFindings}`
  );
}

function lineOf({ store, name, trouble }: Phase, result: PhaseResult): string {
  const servers = result.strikes > 0 ? `${trouble} ${result.strikes} times, ` : '';
  return `${store}, ${name}: ${summaryLine(result)}; ${servers}retries ${result.retries}`;
}

async function makeVault(phase: Phase): Promise<{ readonly vault: VaultPlace; readonly remove: () => void }> {
  if (phase.vault === 'software') return { vault: { kind: 'software' }, remove: () => undefined };
  const token = makeScratchToken('renkei-crash');
  const keys = Object.entries(SOAK_KEYS).map(([name, value]) => ({ name, level: 1 as const, value }));
  await provisionKeys({ module: token.module, token: token.token, pin: token.pin, keys });
  const { module, userPin: pin } = token;
  return { vault: { kind: 'softhsm', module, label: token.token.label, pin }, remove: token.remove };
}
