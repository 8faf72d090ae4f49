import { Dice } from '../crash/dice.js';
import type { SoakOptions } from '../soak-options.js';
import type { RoundKind } from './population.js';
import { type RoundResult, runRound } from './run-round.js';
import { postgresStores, sqliteStores } from './stores.js';

/** Stores that the kill test runs on. */
export const STORES = ['sqlite', 'postgres'] as const;
type StoreName = (typeof STORES)[number];

/** What the whole soak comes to. */
export interface KillsSummary {
  readonly kills: number;
  readonly rotations: number;
  readonly parts: number;
  readonly partsAnew: number;
  readonly requests: number;
  readonly askedAgain: number;
  readonly killedIn: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

/** The rounds that follow each other on each store. */
const ROUNDS: readonly { readonly kind: RoundKind; readonly serving: boolean }[] = [
  { kind: 'institution', serving: false },
  { kind: 'generation', serving: false },
  { kind: 'institution', serving: true },
  { kind: 'list', serving: false },
  { kind: 'store', serving: false },
  { kind: 'generation', serving: true },
];
const PEOPLE = 2_000;
const KILLS_A_ROUND = 10;
const FINDINGS_SHOWN = 10;

/** Rounds on each store until so many workers were killed. @param print takes a line about each round */
export async function runKillsSoak(
  { count: kills, seed, store }: SoakOptions<StoreName>,
  print: (line: string) => void,
): Promise<KillsSummary> {
  const dice = new Dice(seed);
  const names = STORES.filter((name) => store === undefined || name === store);
  const results: RoundResult[] = [];
  for (const name of names) {
    const stores = name === 'sqlite' ? sqliteStores() : await postgresStores();
    try {
      const share = Math.ceil(kills / names.length);
      for (let killed = 0, k = 0; killed < share; k++) {
        const { kind, serving } = ROUNDS[k % ROUNDS.length] as (typeof ROUNDS)[number];
        const most = Math.min(KILLS_A_ROUND, share - killed);
        const result = await runRound({ kind, serving, people: PEOPLE, kills: most }, stores, dice);
        print(lineOf(`${name}, ${kind}${serving ? ' while serving' : ''}`, result));
        for (const finding of result.findings.slice(0, FINDINGS_SHOWN)) print(`  ${finding}`);
        results.push(result);
        killed += result.kills;
      }
    } finally {
      await stores.remove();
    }
  }
  return summaryOf(results);
}

export function summaryLine(summary: KillsSummary): string {
  const { kills, rotations, parts, partsAnew, requests, askedAgain, findings } = summary;
  const killedIn = Object.entries(summary.killedIn).map(([step, times]) => `${step} ${times}`);
  return (
    `kills ${kills} (${killedIn.join(', ')}), rotations ${rotations}, parts ${parts}, parts done anew ${partsAnew}, ` +
    `requests served ${requests}, asked again ${askedAgain}, differences and wrong answers ${findings.length}`
  );
}

function lineOf(round: string, { kills, parts, partsAnew, served, findings }: RoundResult): string {
  const requests = served.requests > 0 ? `, ${served.requests} requests served` : '';
  const same = served.requests > 0 ? 'every answer right' : 'the same bytes as an undisturbed run';
  const verdict = findings.length === 0 ? same : `${findings.length} findings`;
  return `${round}: ${kills} kills, ${partsAnew} of ${parts} parts done anew${requests}: ${verdict}`;
}

function summaryOf(results: readonly RoundResult[]): KillsSummary {
  const sum = (of: (result: RoundResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const killedIn: Record<string, number> = {};
  for (const result of results)
    for (const [step, times] of Object.entries(result.killedIn))
      killedIn[step] = (killedIn[step] ?? 0) + times;
  return {
    kills: sum(({ kills }) => kills),
    rotations: results.length,
    parts: sum(({ parts }) => parts),
    partsAnew: sum(({ partsAnew }) => partsAnew),
    requests: sum(({ served }) => served.requests),
    askedAgain: sum(({ served }) => served.askedAgain),
    killedIn,
    findings: results.flatMap(({ findings }) => findings),
  };
}
