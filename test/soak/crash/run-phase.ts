import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Accounts, audit, checkStore, finish } from './audit.js';
import type { Dice } from './dice.js';
import { type Doom, DoomedWorker } from './doomed-worker.js';
import type { JournalLine } from './journal.js';
import { Ledger, type Totals } from './ledger.js';
import { limitFiles } from './limit-files.js';
import type { Phase } from './phases.js';
import type { VaultPlace } from './places.js';
import { Population } from './population.js';
import type { Site } from './sites.js';
import { UnfinishedLoads } from './unfinished-loads.js';
import type { UnfinishedLoad, WorkerPlan } from './worker.js';
import type { Role } from './workload.js';

/** What a part of the soak comes to. */
export interface PhaseResult extends Totals {
  /** Workers killed. */
  readonly kills: number;
  /** Times that the server was struck. */
  readonly strikes: number;
  /** Calls that failed and were made again. */
  readonly retries: number;
  /** Findings of the store's own check, after every kill. */
  readonly fsckFindings: number;
  /** What is not as it should be, in words. */
  readonly findings: readonly string[];
}

/** Workers at once on one store. */
const WORKERS = 4;
/** A load is one operation, and a long one. */
const LATEST_LINE = { load: 4, other: 14 };
const LONGEST_DELAY_MS = 200;
const MOST_WRITES = 40;
const TROUBLE_EVERY_MS = 2_500;
/** Bytes that a SQLite file may still grow, and the length of a file of the server at which its disk is full. */
const ROOM_BYTES = 1_000_000;
const MOST_FILE_BYTES = 4_000_000;

/** What a part of the soak is done with. */
export interface PhaseSettings {
  readonly site: Site;
  readonly vault: VaultPlace;
  readonly kills: number;
  readonly dice: Dice;
  readonly lossy: boolean;
}

/**
 * Round after round: workers at once on one store, each killed at an instant of its own; then the store is held to
 * account.
 */
export async function runPhase(phase: Phase, settings: PhaseSettings): Promise<PhaseResult> {
  return new PhaseRun(phase, settings).run();
}

class PhaseRun {
  readonly #phase: Phase;
  readonly #settings: PhaseSettings;
  readonly #population = new Population();
  readonly #ledger: Ledger;
  readonly #loads = new UnfinishedLoads();
  readonly #waiting: DoomedWorker[] = [];
  #workers = 0;
  #kills = 0;
  #strikes = 0;
  #retries = 0;
  #fsckFindings = 0;

  constructor(phase: Phase, settings: PhaseSettings) {
    this.#phase = phase;
    this.#settings = settings;
    this.#ledger = new Ledger(this.#population, phase.roles.includes('remove'));
  }

  async run(): Promise<PhaseResult> {
    const { kills } = this.#settings;
    try {
      while (this.#kills < kills) await this.#round(Math.min(WORKERS, kills - this.#kills));
      this.#fsckFindings += await finish(this.#accounts);
    } finally {
      for (const worker of this.#waiting) await worker.dismiss();
      this.#loads.remove();
    }
    return {
      ...this.#ledger.totals,
      kills: this.#kills,
      strikes: this.#strikes,
      retries: this.#retries,
      fsckFindings: this.#fsckFindings,
      findings: this.#ledger.findings,
    };
  }

  async #round(workers: number): Promise<void> {
    const { site } = this.#settings;
    let working = workers;
    let unfinished = 0;
    const works = Array.from({ length: workers }, async () => {
      const role = this.#nextRole();
      const lines = await this.#work(role, role === 'load' ? this.#loads.at(unfinished++) : undefined);
      working--;
      if (working > 0) this.#fsckFindings += await this.#checkAmongOthers();
      return lines;
    });
    const trouble = this.#trouble(works);
    // Whatever fails, no worker outlives its round.
    await Promise.allSettled([...works, trouble]);
    const lines = (await Promise.all(works)).flat();
    await trouble;
    await site.quiet();
    // The next workers start while the store is held to account.
    while (this.#waiting.length < Math.min(WORKERS, this.#settings.kills - this.#kills)) {
      this.#waiting.push(new DoomedWorker());
    }
    this.#ledger.take(lines);
    this.#loads.take(lines);
    this.#fsckFindings += await audit(this.#accounts);
  }

  get #accounts(): Accounts {
    const [ledger, population, loads] = [this.#ledger, this.#population, this.#loads];
    return { place: this.#settings.site.place, ledger, population, loads };
  }

  #nextRole(): Role {
    const { roles } = this.#phase;
    return roles[this.#workers % roles.length] as Role;
  }

  async #work(role: Role, unfinished: UnfinishedLoad | undefined): Promise<JournalLine[]> {
    const { site, dice, vault, lossy } = this.#settings;
    const number = this.#workers++;
    const plan: WorkerPlan = {
      worker: number,
      seed: dice.below(2 ** 31),
      role,
      store: site.place,
      vault,
      lossy,
      loads: this.#loads.folder,
      ...(unfinished === undefined ? {} : { unfinished }),
    };
    const doom = this.#doom(role);
    const files =
      role === 'load' && dice.chance(0.5)
        ? this.#loads.folderOf(unfinished?.operation ?? `${number}-0`)
        : site.folder;
    const worker = this.#waiting.pop() ?? new DoomedWorker();
    if (this.#phase.trouble === 'disk full' && site.fillDisk === undefined) {
      limitFiles(worker.pid, longestFile(site.folder) + dice.below(ROOM_BYTES));
    }
    const { lines, killed } = await worker.work(plan, doom, files);
    if (killed) this.#kills++;
    else this.#ledger.report('wrong', `worker ${number} has ended by itself`);
    for (const line of lines) if (line.event === 'failed' && line.retryable) this.#retries++;
    return lines;
  }

  #doom(role: Role): Doom {
    const { dice } = this.#settings;
    const lines = dice.below(LATEST_LINE[role === 'load' ? role : 'other']);
    const delayMs = dice.below(LONGEST_DELAY_MS + 1);
    return dice.chance(0.5) ? { lines, delayMs } : { lines, delayMs, writes: 1 + dice.below(MOST_WRITES) };
  }

  /** Strikes the server again and again, as long as workers work. */
  async #trouble(works: readonly Promise<unknown>[]): Promise<void> {
    const { site, dice } = this.#settings;
    const strike = {
      none: undefined,
      'server killed': site.killServer,
      'server restarted': site.restartServer,
      'disk full': site.fillDisk && (() => site.fillDisk?.(dice.below(MOST_FILE_BYTES))),
    }[this.#phase.trouble];
    if (strike === undefined) return;
    const over = Promise.allSettled(works).then(() => true);
    do {
      await wait(dice.below(TROUBLE_EVERY_MS));
      await strike();
      this.#strikes++;
    } while (!(await Promise.race([over, false])));
  }

  /** The store's check, while other workers go on. A server that is down has nothing to say. */
  async #checkAmongOthers(): Promise<number> {
    try {
      return await checkStore(this.#settings.site.place);
    } catch (error) {
      if (this.#phase.trouble === 'none') throw error;
      return 0;
    }
  }
}

/** Length of the longest file in a folder. */
function longestFile(folder: string): number {
  return Math.max(0, ...readdirSync(folder).map((name) => statSync(join(folder, name)).size));
}
