import { createInterface } from 'node:readline';
import { type Issuer, openIssuer, ResidentRecordCode } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { allocateOffHeap } from '../../src/bytes/allocate.js';
import { syntheticResidents, syntheticResidentTexts } from './residents.js';
import { type BatchPlan, syntheticBatches } from './synthetic-batches.js';

/**
 * A process whose memory another one reads. It issues for three institutions, through the bulk and through the sealed
 * engine, in batches and one by one, on packed residents only: no text ever holds a resident record code. Then it does
 * what is asked on standard input, one word a line, and answers each with the same word.
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

const [ANYBODY] = syntheticResidentTexts(plan.batches.seed + 1, 0, 1) as [string];

/** A resident record code whose digits were never a text. */
function codeOf(residents: Uint8Array, person: number): ResidentRecordCode {
  const digits = allocateOffHeap(11);
  digits.set(residents.subarray(person * 11, (person + 1) * 11));
  return Object.assign(new ResidentRecordCode(ANYBODY), { take: () => digits });
}

/** Everybody's code once more, each asked for by a caller of its own; some callers give up. */
async function issueSingly(issuer: Issuer, institution: string): Promise<void> {
  await issuer.registerInstitution(institution);
  const { seed, batches, size } = plan.batches;
  for (let batch = 0; batch < batches; batch++) {
    const residents = syntheticResidents(seed, batch * size, size);
    const calls = Array.from({ length: size }, (_, person) => {
      const controller = new AbortController();
      const residentRecordCode = codeOf(residents, person);
      const { signal } = controller;
      const call = issuer.issue(institution, { acquisitionNumber: 'N', residentRecordCode }, { signal });
      if (person % 5 === 0) controller.abort();
      return call;
    });
    residents.fill(0);
    const served = (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled');
    if (served.length !== size * 0.8) throw new Error('not everybody was served');
  }
  await issuer.close();
}

async function run(): Promise<void> {
  const loading = await openIssuer({ vault: bulk, store });
  await loading.registerRecordPeriod('2026');
  await issueAll(loading, 'A1');
  await issueAll(await openIssuer({ vault: sealed, store }), 'B2');
  await issueSingly(await openIssuer({ vault: sealed, store }), 'C3');
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
