import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Issuer,
  openIssuer,
  RenkeiError,
  ResidentRecordCode,
  type Vault,
  type VaultEvent,
} from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import { syntheticResidentTexts } from '../support/residents.js';
import { makeScratchToken, type ScratchToken } from '../support/softhsm.js';
import { type Fault, makeFaults } from './faults.js';
import { Gate } from './gate.js';

/** Requests under load while something breaks every second. What comes out is held against the software vault. */

const INSTITUTIONS = ['0220113112101700', '0110100000000100'] as const;
const CALLERS = 8;
const FAULT_EVERY_MS = 1_000;
const RETRY_PAUSE_MS = 50;
const LONGEST_OUTAGE_MS = 30_000;

const totals = { requests: 0, retries: 0, recoveries: 0, faults: 0, wrong: 0, lost: 0, duplicates: 0 };

/** Makes a request until it is answered: what fails as retryable is simply made again. */
async function untilAnswered<T>(request: () => Promise<T>): Promise<T | undefined> {
  const patience = performance.now() + LONGEST_OUTAGE_MS;
  totals.requests++;
  while (performance.now() < patience) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof RenkeiError) || !error.retryable) throw error;
      totals.retries++;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
  totals.lost++;
  return undefined;
}

interface Parts {
  readonly issuer: Issuer;
  /** An issuer on the same keys in process memory, with a store of its own. */
  readonly oracle: Issuer;
  readonly gate: Gate;
}

/** One caller: a person at a time gets codes at both institutions, asks again, and has them translated. */
async function call({ issuer, oracle, gate }: Parts, caller: number, until: number): Promise<number> {
  let persons = 0;
  for (let n = 0; performance.now() < until; n++) {
    const [resident = ''] = syntheticResidentTexts(caller + 1, n, 1);
    const issue = (by: Issuer, institution: string, reissue: boolean) =>
      by.issue(
        institution,
        { acquisitionNumber: `C${caller}-${n}`, residentRecordCode: new ResidentRecordCode(resident) },
        { reissue },
      );
    const codes: string[] = [];
    for (const institution of INSTITUTIONS) {
      const expected = await issue(oracle, institution, true);
      const item = await untilAnswered(() => gate.pass(() => issue(issuer, institution, true)));
      if (item === undefined || item.status === 'refused' || expected.status === 'refused') continue;
      if (item.code !== expected.code) totals.wrong++;
      codes.push(item.code ?? '');
      const again = await untilAnswered(() => gate.pass(() => issue(issuer, institution, false)));
      if (again !== undefined && again.status !== 'already-issued') totals.duplicates++;
    }
    const [from = '', to = ''] = codes;
    const options = { from: INSTITUTIONS[0], to: INSTITUTIONS[1] };
    const translated = await untilAnswered(() => gate.pass(() => issuer.translate([from], options)));
    const [answer] = translated ?? [];
    if (answer !== undefined && (answer.status !== 'translated' || answer.code !== to)) totals.wrong++;
    persons++;
  }
  return persons;
}

async function breakThings(faults: readonly Fault[], gate: Gate, until: number): Promise<void> {
  while (performance.now() + FAULT_EVERY_MS < until) {
    await new Promise((resolve) => setTimeout(resolve, FAULT_EVERY_MS));
    const fault = faults[Math.floor(Math.random() * faults.length)] as Fault;
    totals.faults++;
    process.stdout.write(`  ${fault.name}\n`);
    try {
      if (fault.exclusive) await gate.shut(async () => fault.strike());
      else await fault.strike();
    } catch {
      // A module that is down refuses the stranger too.
    }
  }
}

async function run(token: ScratchToken, folder: string, seconds: number): Promise<boolean> {
  const open = { module: token.module, token: token.token, pin: token.pin };
  const names = ['link/1', 'store/1', ...INSTITUTIONS.map((code) => `institution/${code}/1`)];
  const keys = Object.fromEntries(names.map((name) => [name, new Uint8Array(randomBytes(32))]));
  await provisionKeys({
    ...open,
    keys: names.map((name) => ({ name, level: 2 as const, value: keys[name] as Uint8Array })),
  });
  const { faults, end } = makeFaults(token);
  const observe = (event: VaultEvent) => {
    if (event.type === 'recovered') totals.recoveries++;
  };
  const vault: Vault = await openPkcs11Vault({ ...open, sessions: 2, breakerPauseMs: 100, observe });
  const store = await openSqliteStore({ path: join(folder, 'soak.sqlite') });
  const oracleVault = await openSoftwareVault({ keys });
  const oracleStore = await openSqliteStore({ path: join(folder, 'oracle.sqlite') });
  const parts: Parts = {
    issuer: await openIssuer({ vault, store }),
    oracle: await openIssuer({ vault: oracleVault, store: oracleStore }),
    gate: new Gate(),
  };
  for (const code of INSTITUTIONS) {
    await parts.issuer.registerInstitution(code);
    await parts.oracle.registerInstitution(code);
  }
  const until = performance.now() + seconds * 1_000;
  const breaking = breakThings(faults, parts.gate, until);
  const persons = await Promise.all(Array.from({ length: CALLERS }, (_, k) => call(parts, k, until)));
  await breaking;
  end();
  const { persons: rows } = await store.count();
  totals.duplicates += Math.max(0, rows - persons.reduce((sum, n) => sum + n, 0));
  for (const thing of [vault, store, oracleVault, oracleStore]) await thing.close();
  return totals.wrong === 0 && totals.lost === 0 && totals.duplicates === 0;
}

function readSeconds(): number {
  const usage = new Error('usage: npm run soak -- [--seconds N]');
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
    const seconds = Number(values.seconds);
    if (Number.isInteger(seconds) && seconds >= 1) return seconds;
  } catch {
    throw usage;
  }
  throw usage;
}

async function main(): Promise<void> {
  const seconds = readSeconds();
  const unheard: unknown[] = [];
  process.on('unhandledRejection', (reason) => unheard.push(reason));
  const token = makeScratchToken('renkei-soak');
  const folder = mkdtempSync(join(tmpdir(), 'renkei-soak-'));
  try {
    const clean = await run(token, folder, seconds);
    const { requests, retries, recoveries, faults, wrong, lost, duplicates } = totals;
    process.stdout.write(
      `faults ${faults}, requests ${requests}, retries ${retries}, recoveries ${recoveries}, ` +
        `wrong codes ${wrong}, lost ${lost}, duplicates ${duplicates}, unhandled rejections ${unheard.length}\n`,
    );
    if (!clean || unheard.length > 0) process.exitCode = 1;
  } finally {
    token.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the soak failed'}\n`);
  process.exitCode = 1;
});
