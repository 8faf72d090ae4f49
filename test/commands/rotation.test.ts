import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { openIssuer } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runFsck } from '../../src/commands/run-fsck.js';
import { runRotation } from '../../src/commands/run-rotation.js';
import { openSqliteRecordStore } from '../../src/stores/sqlite/records/sqlite-record-store.js';
import { appendRecords } from '../../src/testing/record-samples.js';
import { syntheticResidents } from '../support/residents.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeScratchToken } from '../support/softhsm.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';

const INSTITUTIONS = ['A1', 'B2'];
const PEOPLE = 20;
const SEED = 71;
const KEYS = [
  'link/1',
  'link/2',
  'link/3',
  'store/1',
  'store/2',
  'store/3',
  'store/4',
  'institution/A1/1',
  'institution/A1/2',
  'institution/A1/3',
  'institution/A1/4',
  'institution/A1/5',
  'institution/B2/1',
  'institution/B2/2',
  'institution/B2/3',
  'institution/B2/4',
  'record/2026',
  'record/2027',
  'record/2028',
  'audit/1',
];

const scratch = makeScratchToken('renkei-rotation');
const folder = makeScratchFolder();
const database = folder.path('store.sqlite');
const work = folder.path('work');
afterAll(() => scratch.remove());

const HSM = ['--module', scratch.module, '--token', 'renkei-rotation', '--pin-env', 'ROTATION_PIN'];
const STORE = ['--sqlite', database];
const BOTH = [...HSM, ...STORE];
const ON_A1 = ['--kind', 'institution', '--institution', 'A1'];
const receipt = (name: string) => folder.path(`${name}.json`);

/** All that was ever printed, and every code that was ever issued. */
const printed: string[] = [];
const issued: string[] = [];

async function rotation(...args: string[]): Promise<string> {
  process.env.ROTATION_PIN = scratch.userPin;
  const text = await runRotation(args, new AbortController().signal);
  printed.push(text);
  return text;
}

const failure = (...args: string[]) =>
  rotation(...args).then(
    (text) => ({ code: `printed ${text}`, message: '' }),
    (error: { readonly code: string; readonly message: string }) => {
      printed.push(error.message);
      return error;
    },
  );

async function withIssuer<T>(
  use: (issuer: Awaited<ReturnType<typeof openIssuer>>) => Promise<T>,
): Promise<T> {
  const hsm = { module: scratch.module, token: scratch.token, pin: scratch.pin };
  const vault = await openPkcs11Vault(hsm);
  const store = await openSqliteStore({ path: database });
  const issuer = await openIssuer({ vault, store });
  try {
    return await use(issuer);
  } finally {
    for (const open of [issuer, store, vault]) await open.close();
  }
}

function issueTo(institution: string, first: number, count: number): Promise<string[]> {
  return withIssuer(async (issuer) => {
    const residents = syntheticResidents(SEED, first, count);
    const result = await issuer.issueBatch(institution, {
      acquisitionNumbers: acquisitionNumbers(count, first),
      residents,
    });
    const codes = [...result].flatMap((item) => (item.status === 'issued' ? [item.code as string] : []));
    issued.push(...codes);
    return codes;
  });
}

beforeAll(async () => {
  const hsm = { module: scratch.module, token: scratch.token, pin: scratch.pin };
  await provisionKeys({ ...hsm, keys: KEYS.map((name) => ({ name, level: 1 as const })) });
  await withIssuer(async (issuer) => {
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    await issuer.registerRecordPeriod('2026');
  });
  for (const institution of INSTITUTIONS) await issueTo(institution, 0, PEOPLE);
});

describe('an institution’s key, from the plan to its destruction', () => {
  let old: string[];

  test('plan counts, measures, estimates for a nation, and changes nothing', async () => {
    const before = statSync(database).mtimeMs;
    const nation = ['--people', '125000000', '--institutions', '10'];
    const text = await rotation('plan', ...BOTH, ...ON_A1, ...nation);
    expect(text).toMatch(/^pairs for institution\/A1 +20$/m);
    expect(text).toMatch(/^codes made by the vault +[\d,]+ +8192 synthetic store codes$/m);
    expect(text).toMatch(/^a nation +125,000,000 +10 +1,250,000,000 +[\d.]+ (s|min|h|days) +210\.0 GB$/m);
    const json = JSON.parse(await rotation('plan', ...BOTH, ...ON_A1, ...nation, '--json'));
    expect(json).toMatchObject({ kind: 'institution', nation: { people: 125_000_000 } });
    const all = await rotation('plan', ...BOTH, '--kind', 'generation', '--source', 'store', ...nation);
    expect(all).toMatch(/^a nation +125,000,000 +1 +1,375,000,000 /m);
    expect(all).toMatch(/^rows moved when retired +125,000,000 +.* %$/m);
    expect(all).toMatch(/^engine +bulk; this vault has another$/m);
    expect(await rotation('status', ...STORE)).toContain('no rotation was ever begun');
    expect(statSync(database).mtimeMs).toBe(before);
  });

  test('run begins it, makes the delivery and leaves a receipt; again gives the same receipt', async () => {
    await issueTo('A1', PEOPLE, 1);
    old = issued.slice(0, 1);
    const run = ['run', ...BOTH, '--folder', work, '--engine', 'bulk', '--rows-per-second', '1000000'];
    const text = await rotation(...run, ...ON_A1, '--receipt', receipt('verified'));
    expect(text).toMatch(/^ROTATION RECEIPT, verify of rotation 1, institution A1$/m);
    expect(text).toMatch(
      /^delivery rotation-1-delivery-1-institution-A1-1-to-2\.pairs for institution\/A1: 21 pairs$/m,
    );
    await rotation(...run, '--receipt', receipt('again'));
    expect(readFileSync(receipt('again'))).toEqual(readFileSync(receipt('verified')));
    expect(await failure(...run, '--receipt', receipt('again'))).toMatchObject({ code: 'OPTION_INVALID' });
    expect(await rotation('status', ...STORE)).toMatch(
      /^rotation 1, institution A1: verified since .*, parts 1 of 1$/m,
    );
  });

  test('switch takes in who was issued to since; retire, destroy and their receipts follow', async () => {
    await issueTo('A1', PEOPLE + 1, 2);
    const steps = { folder: ['--folder', work, '--grace-seconds', '0'] };
    const switched = await rotation(
      'switch',
      '1',
      ...BOTH,
      ...steps.folder,
      '--receipt',
      receipt('switched'),
    );
    expect(switched).toMatch(/supplement-1-institution-A1-1-to-2\.pairs for institution\/A1: 2 pairs$/m);
    const now = await withIssuer((issuer) => issuer.translate(old, { from: 'A1', to: 'B2' }));
    expect([...now]).toMatchObject([{ status: 'translated' }]);
    await rotation('retire', ...BOTH, '--receipt', receipt('retired'));
    const then = await withIssuer((issuer) => issuer.translate(old, { from: 'A1', to: 'B2' }));
    expect([...then]).toMatchObject([{ error: 'CODE_VERSION_RETIRED' }]);
    const name = 'institution/A1/1';
    for (const yes of [[], [name], [name, 'store/1'], [name, name, name]]) {
      const confirmed = yes.flatMap((one) => ['--yes-destroy', one]);
      expect(await failure('destroy', ...BOTH, ...confirmed)).toMatchObject({ code: 'OPTION_INVALID' });
    }
    const destroy = ['destroy', ...BOTH, '--yes-destroy', name, '--yes-destroy', name];
    const destroyed = await rotation(...destroy, '--receipt', receipt('destroyed'));
    expect(destroyed).toMatch(/^key institution\/A1\/1: .*: KEY_NOT_FOUND$/m);
    const status = await rotation('status', '1', ...STORE);
    expect(status).toMatch(/^institution\/A1\/1: destroyed, .* retired \d{4}-.*, destroyed \d{4}-/m);
    const json = JSON.parse(await rotation('status', ...STORE, '--json'));
    expect(json.rotations).toMatchObject([{ id: 1, status: 'destroyed' }]);
  });
});

describe('verify needs neither database nor HSM', () => {
  const steps = ['verified', 'switched', 'retired', 'destroyed'];
  const deliveries = () =>
    readdirSync(work)
      .filter((file) => file.startsWith('rotation-1-'))
      .flatMap((file) => ['--delivery', `${work}/${file}`]);
  const verify = (...args: string[]) => failure('verify', ...args);

  test('all receipts and deliveries of a rotation are right, by the audit key that is trusted', async () => {
    const { signedBy } = JSON.parse(readFileSync(receipt('verified'), 'utf8'));
    const key = folder.path('audit.der');
    writeFileSync(key, Buffer.from(signedBy.publicKey, 'hex'));
    const args = [...steps.map(receipt), '--public-key', key, ...deliveries()];
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'src/commands/rotation.ts', 'verify', ...args],
      {
        env: { PATH: process.env.PATH },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    printed.push(out);
    expect(out.match(/^ROTATION RECEIPT, \w+ of rotation 1/gm)).toHaveLength(4);
    expect(out.match(/^delivery .*: all \d+ pairs are as the receipt says$/gm)).toHaveLength(2);
    expect(out).toMatch(/^The signatures are right, and by the audit key given\.$/m);
    writeFileSync(key, `${signedBy.publicKey.slice(0, -1)}${signedBy.publicKey.endsWith('0') ? '1' : '0'}\n`);
    expect(await verify(receipt('verified'), '--public-key', key)).toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
  });

  test('a receipt with any byte changed is refused', async () => {
    const whole = readFileSync(receipt('switched'));
    const changed = receipt('changed');
    for (let at = 0; at < whole.length; at += 13) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(changed, bytes);
      const { code } = await verify(changed);
      expect(['RECEIPT_INVALID', 'SIGNATURE_INVALID']).toContain(code);
    }
    writeFileSync(changed, whole.subarray(0, -2));
    expect(await verify(changed)).toMatchObject({ code: 'RECEIPT_INVALID' });
  });

  test('receipts in another order, with one left out or twice are refused', async () => {
    const [verified = '', switched = '', retired = ''] = steps.map(receipt);
    for (const order of [
      [switched, verified],
      [verified, retired],
      [verified, verified],
    ]) {
      expect(await verify(...order)).toMatchObject({ code: 'RECEIPT_INVALID' });
    }
    expect((await verify(switched, retired)).code).toContain('A receipt comes before the first one');
  });

  test('a delivery that is changed, or of another receipt, is refused', async () => {
    const [, path = ''] = deliveries();
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    const changed = folder.path('changed.pairs');
    writeFileSync(changed, bytes);
    expect(await verify(receipt('verified'), '--delivery', changed)).toMatchObject({
      code: 'DELIVERY_INVALID',
    });
    expect(await verify(receipt('retired'), '--delivery', path)).toMatchObject({ code: 'DELIVERY_INVALID' });
    const none = await verify(receipt('verified'), '--delivery', folder.path('none'));
    expect(none).toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('several rotations', () => {
  test('pause, resume and abort go by number, and a command that could mean two asks which', async () => {
    const begin = async (institution: string) => {
      const asked = ['--kind', 'institution', '--institution', institution];
      await rotation('run', ...BOTH, ...asked, '--folder', work);
    };
    await begin('A1');
    await begin('B2');
    const which = await failure('abort', ...BOTH);
    expect(which).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(/which of 2, 3$/) });
    expect(await failure('pause', '2', ...BOTH)).toMatchObject({ code: 'ROTATION_STATUS' });
    expect(await rotation('abort', '2', ...BOTH)).toBe('rotation 2: aborted\n');
    expect(await rotation('abort', ...BOTH)).toBe('rotation 3: aborted\n');
    expect(await failure('abort', ...BOTH)).toMatchObject({ code: 'ROTATION_UNKNOWN' });
    expect(await failure('status', '9', ...STORE)).toMatchObject({ code: 'ROTATION_UNKNOWN' });
  });
});

describe('a generation from a delivered list', () => {
  const all = PEOPLE + 3;
  const run = ['run', ...BOTH, '--folder', work, '--lease-seconds', '1'];
  const asked = ['--kind', 'generation', '--source', 'list'];

  test('waits for everybody, and takes lists by line, with the line ends of Windows, or packed', async () => {
    expect(await failure(...run, ...asked)).toMatchObject({ code: 'ROTATION_INCOMPLETE' });
    expect(await failure(...run)).toMatchObject({ code: 'ROTATION_INCOMPLETE' });
    const lists = [
      [0, 10, '\n'],
      [10, 10, '\r\n'],
      [20, all - 20, ''],
    ] as const;
    for (const [first, count, end] of lists) {
      const digits = Buffer.from(syntheticResidents(SEED, first, count)).toString('latin1');
      const list = folder.path(`list-${first}`);
      writeFileSync(list, digits.replaceAll(/\d{11}/g, `$&${end}`));
      const text = await rotation('receive', list, ...BOTH);
      expect(text).toBe(`received ${count}, refused 0, not known to the store 0\n`);
    }
    await rotation('pause', ...BOTH);
    expect(await failure(...run)).toMatchObject({ code: 'ROTATION_STATUS' });
    await rotation('resume', ...BOTH);
    const text = await rotation('work', ...BOTH, '--folder', work, '--worker', 'w2');
    expect(text).toMatch(/^rotation 4: running, parts (\d+) of \1, of which this worker did \1\n$/);
    expect(await rotation(...run)).toMatch(/^ROTATION RECEIPT, verify of rotation 4, generation \*$/m);
  });

  test('destroy wants the name of every key but the link key’s', async () => {
    await rotation('switch', ...BOTH, '--folder', work);
    await rotation('retire', ...BOTH);
    const names = ['store/1', 'institution/A1/2', 'institution/B2/1'];
    const twice = names.flatMap((name) => ['--yes-destroy', name, '--yes-destroy', name]);
    const wrong = await failure('destroy', ...BOTH, ...twice.slice(4));
    expect(wrong).toMatchObject({ code: 'OPTION_INVALID' });
    const link = ['--yes-destroy', 'link/1', '--yes-destroy', 'link/1'];
    expect(await failure('destroy', ...BOTH, ...twice, ...link)).toMatchObject({ code: 'OPTION_INVALID' });
    expect(await rotation('destroy', ...BOTH, ...twice)).toMatch(/^keys: 3$/m);
    const status = await rotation('status', ...STORE);
    for (const name of names) expect(status).toMatch(new RegExp(`^${name}: destroyed`, 'm'));
    expect(status).toMatch(/^link\/1: retired/m);
  });

  test.each<[string, string]>([
    ['a letter that ends a line early', '1234567890\n12345678903\n'],
    ['a line that is too long', '12345678903\n123456789035\n'],
    ['a blank line', '12345678903\n\n12345678903\n'],
    ['the end of a line missing inside', '12345678903\n1234567890312345678903\n'],
    ['a list that is cut off', '123456789031234'],
  ])('a list is refused by its place, never by its content: %s', async (_, content) => {
    const { readResidentList } = await import('../../src/commands/resident-list.js');
    const path = folder.path('bad-list');
    writeFileSync(path, content);
    const reading = (async () => {
      for await (const _batch of readResidentList(path));
    })();
    const error = await reading.catch((thrown: { code: string; message: string }) => thrown);
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(error?.message).toMatch(/^the list has no resident record code at place \d+$/);
  });
});

describe('from the store', () => {
  test('its key is replaced, and rows move to the new one', async () => {
    await rotation('run', ...BOTH, '--kind', 'store', '--folder', work, '--check-engine', 'bulk');
    await rotation('switch', ...BOTH, '--folder', work);
    expect(await rotation('retire', ...BOTH)).toMatch(/^moved: 23$/m);
    const yes = ['--yes-destroy', 'store/2', '--yes-destroy', 'store/2'];
    expect(await rotation('destroy', ...BOTH, ...yes)).toMatch(/^keys: 1$/m);
  });

  test('a generation is made by the bulk engine only, and a sample of it anew by the sealed one', async () => {
    const asked = ['--kind', 'generation', '--source', 'store', '--folder', work];
    expect(await failure('run', ...BOTH, ...asked)).toMatchObject({ code: 'ENGINE_REFUSED' });
    const text = await rotation('run', ...BOTH, ...asked, '--engine', 'bulk');
    expect(text).toMatch(/^delivery .* for institution\/A1: 23 pairs$/m);
    expect(text).toMatch(/^computed anew: \d+ pairs/m);
    await rotation('switch', ...BOTH, '--folder', work);
    await rotation('retire', ...BOTH);
  });
});

describe('a record period', () => {
  test('is closed, and its records are not declared erased before their time', async () => {
    const asked = ['--kind', 'record-period', '--close', '2026', '--open', '2027'];
    expect(await rotation('run', ...BOTH, ...asked, '--folder', work)).toMatch(/^ROTATION RECEIPT, verify/m);
    await rotation('switch', ...BOTH, '--folder', work);
    const early = await failure('retire', ...BOTH, '--erased-rows', '5');
    expect(early).toMatchObject({ code: 'ROTATION_TOO_EARLY' });
  });

  test('令30条 has its records erased in the record file that is named, and every step stands in the log', async () => {
    const path = folder.path('records.sqlite');
    const log = ['--records-sqlite', path];
    const asked = ['--kind', 'record-period', '--close', '2027', '--open', '2028'];
    const run = ['run', ...BOTH, ...asked, '--ended-at', '2010-04-01T00:00:00+09:00', '--folder', work];
    // A record file that is not there is not made by a step of a rotation: nothing happens then.
    expect(await failure(...run, ...log)).toMatchObject({ code: 'OPTION_INVALID' });
    {
      await using records = await openSqliteRecordStore({ path });
      await appendRecords(records, [1, 2, 3], { period: '2027' });
    }
    await rotation(...run, ...log);
    await rotation('switch', ...BOTH, '--folder', work, ...log);
    const { rotations } = JSON.parse(await rotation('status', ...STORE, '--json'));
    const { id } = rotations.find(({ subject }: { readonly subject: string }) => subject === 'record/2027');
    const step = (name: string, ...more: string[]) => rotation(name, `${id}`, ...BOTH, ...log, ...more);
    const twice = await step('retire', '--erased-rows', '3').catch((error: { code: string }) => error.code);
    expect(twice).toBe('OPTION_INVALID');
    expect(await step('retire')).toMatch(/^erased: 3$/m);
    const yes = ['--yes-destroy', 'record/2027'];
    await step('destroy', ...yes, ...yes);

    await using records = await openSqliteRecordStore({ path });
    const texts = await records.logEntries({ from: 3, limit: 100 });
    expect(texts.map((text) => JSON.parse(text).event)).toEqual([
      ...['begin', 'verify', 'switch'].flatMap((step) => [`rotation.${step}.begun`, `rotation.${step}.done`]),
      'rotation.retire.begun',
      'records.erasing',
      'records.erased',
      'rotation.retire.done',
      'rotation.destroy.begun',
      'rotation.destroy.done',
    ]);
    expect(await runFsck(['--records-sqlite', path])).toMatchObject({ findings: 0 });
  });

  test('the record file is named for steps alone, and only once', async () => {
    const file = ['--records-sqlite', folder.path('records.sqlite')];
    expect(await failure('plan', ...BOTH, ...ON_A1, ...file)).toMatchObject({ code: 'OPTION_UNKNOWN' });
    for (const more of [
      ['--records-schema', 'x'],
      ['--records-postgres-env', 'X'],
    ]) {
      const asked = ['pause', ...BOTH, ...file, ...more];
      expect(await failure(...asked)).toMatchObject({ code: 'OPTION_INVALID' });
    }
  });
});

test('nothing that was printed holds a code, a resident record code or the PIN', () => {
  const text = printed.join('\n');
  expect(text.length).toBeGreaterThan(5_000);
  const residents = Buffer.from(syntheticResidents(SEED, 0, PEOPLE + 3)).toString('latin1');
  for (const resident of residents.match(/\d{11}/g) ?? []) expect(text).not.toContain(resident);
  for (const code of issued) expect(text).not.toContain(code);
  expect(issued.length).toBe(2 * PEOPLE + 3);
  // Codes are 24 bytes: 48 hex digits, 40 characters in external form.
  expect(text).not.toMatch(/\b[0-9a-f]{48}\b/);
  expect(text).not.toMatch(/\b[a-z2-7]{40}\b/);
});
