import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import type { LeakPlan } from '../support/leak-child.js';
import { packedLinkageCodes } from '../support/linkage-codes.js';
import { type Finding, MemoryScan } from '../support/memory-scan.js';
import { testKeys } from '../support/named-keys.js';
import { syntheticResidents } from '../support/residents.js';
import { makeScratchToken } from '../support/softhsm.js';

const SEED = 41;
const RESIDENTS = 20_000;
const KEYS = testKeys([
  'link/1',
  'store/1',
  'institution/A1/1',
  'institution/B2/1',
  'institution/C3/1',
  'record/2026',
]);
const LINK_KEY = KEYS['link/1'] as Uint8Array;

const RESIDENT_NAME = 'resident record code';
const LINKAGE_NAME = 'linkage code';

/** Both secrets of a range of synthetic residents. */
function secretsOf(first: number, count: number) {
  const residents = syntheticResidents(SEED, first, count);
  return [
    { name: RESIDENT_NAME, width: 11, rows: residents },
    { name: LINKAGE_NAME, width: 16, rows: packedLinkageCodes(LINK_KEY, residents) },
  ];
}

describe('what is left of resident record codes and linkage codes after a run', () => {
  const token = makeScratchToken();
  const folder = mkdtempSync(join(tmpdir(), 'renkei-leaks-'));
  const database = join(folder, 'store.sqlite');
  const everybody = new MemoryScan(secretsOf(0, RESIDENTS));
  const planted = new MemoryScan(secretsOf(RESIDENTS, 1));
  let child: Child;

  beforeAll(async () => {
    const keys = Object.entries(KEYS).map(([name, value]) => ({ name, level: 1 as const, value }));
    await provisionKeys({ module: token.module, token: token.token, pin: token.pin, keys });
    const plan: LeakPlan = {
      module: token.module,
      label: token.token.label,
      pin: token.userPin,
      database,
      batches: { seed: SEED, batches: 10, size: RESIDENTS / 10 },
    };
    child = new Child('leak-child.ts', plan);
    expect(await child.line()).toBe('ready');
    expect(await child.ask('run')).toBe('run');
  });

  afterAll(async () => {
    await child?.kill();
    token.remove();
    rmSync(folder, { recursive: true });
  });

  it('is nothing in the memory of the process while its vaults are open', () => {
    const { findings, bytes } = everybody.process(child.pid);
    expect(summary(findings)).toEqual({});
    expect(bytes).toBeGreaterThan(10_000_000);
  });

  it('is nothing in the database file, its log and its index', () => {
    for (const path of [database, `${database}-wal`, `${database}-shm`]) {
      expect(existsSync(path)).toBe(true);
      expect(summary(everybody.file(path))).toEqual({});
    }
  });

  it('the same scan finds a resident record code and a linkage code that are kept', async () => {
    expect(summary(planted.process(child.pid).findings)).toEqual({});
    await child.ask(`plantResident ${RESIDENTS}`);
    const [, linkage] = secretsOf(RESIDENTS, 1);
    await child.ask(`plant ${Buffer.from(linkage?.rows ?? []).toString('hex')}`);
    const names = new Set(planted.process(child.pid).findings.map(({ name }) => name));
    expect(names).toEqual(new Set([RESIDENT_NAME, LINKAGE_NAME]));
  });

  it('is nothing in the memory of the process, nor in the database, after closing', async () => {
    expect(await child.ask('close')).toBe('close');
    expect(summary(everybody.process(child.pid).findings)).toEqual({});
    expect(summary(everybody.file(database))).toEqual({});
  });
});

/** Findings by kind and place, counted: what a failing test shows must not be the secrets. */
function summary(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name, where } of findings) {
    const key = `${name} in ${where}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
