import { createInterface } from 'node:readline';
import { type Issuer, openIssuer } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { syntheticResidents } from './residents.js';
import { type BatchPlan, syntheticBatches } from './synthetic-batches.js';

/**
 * A process whose memory another one reads. It issues for two institutions, through the bulk and through the sealed
 * engine, on packed residents only: no text ever holds a resident record code. Then it does what is asked on standard
 * input, one word a line, and answers each with the same word.
 */

/** What this process is told in its first argument, as JSON. */
export interface LeakPlan {
  readonly module: string;
  readonly label: string;
  readonly pin: string;
  readonly database: string;
  readonly batches: BatchPlan;
}

const plan = JSON.parse(process.argv[2] as string) as LeakPlan;
const token = { module: plan.module, token: { label: plan.label }, pin: () => plan.pin };
const store = await openSqliteStore({ path: plan.database });
const bulk = await openPkcs11Vault({ ...token, engine: 'bulk' });
const sealed = await openPkcs11Vault({ ...token, engine: 'sealed' });

async function issueAll(issuer: Issuer, institution: string): Promise<void> {
  await issuer.registerInstitution(institution);
  for await (const result of issuer.issueAll(institution, syntheticBatches(plan.batches))) {
    if (result.counts.issued !== plan.batches.size) throw new Error('not everybody was served');
    const first = result.at(0);
    if (first?.status !== 'issued') throw new Error('the first was not served');
    // The codes of the other institution and of the period: translation is part of the run.
    await issuer.translate([first.code], { from: institution, to: institution });
    await issuer.recordCodes([first.code], { from: institution, period: '2026' });
  }
}

async function run(): Promise<void> {
  const loading = await openIssuer({ vault: bulk, store });
  await loading.registerRecordPeriod('2026');
  await issueAll(loading, 'A1');
  await issueAll(await openIssuer({ vault: sealed, store }), 'B2');
}

const kept: Uint8Array[] = [];

const commands: Record<string, (argument: string) => Promise<void>> = {
  run,
  /** Keeps the given bytes, as a careless program would. */
  plant: async (hex) => void kept.push(new Uint8Array(Buffer.from(hex, 'hex'))),
  /** Keeps one resident's digits. */
  plantResident: async (number) => void kept.push(syntheticResidents(plan.batches.seed, Number(number), 1)),
  close: async () => {
    await Promise.all([bulk.close(), sealed.close(), store.close()]);
  },
};

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [command = '', argument = ''] = line.split(' ');
  await commands[command]?.(argument);
  process.stdout.write(`${command}\n`);
}
