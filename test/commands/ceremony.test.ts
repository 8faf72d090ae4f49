import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { runCeremony } from '../../src/commands/run-ceremony.js';
import { runFsck } from '../../src/commands/run-fsck.js';
import { makeScratchToken } from '../support/softhsm.js';

const LABELS = ['renkei-command-3', 'renkei-command-2', 'renkei-command-1'] as const;
const scratch = makeScratchToken(LABELS[0]);
for (const label of LABELS.slice(1)) scratch.addToken(label);
const folder = mkdtempSync(join(tmpdir(), 'renkei-ceremony-'));
afterAll(() => {
  scratch.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What goes into standard input. */
  readonly input?: string;
  /** File descriptors from 3. */
  readonly descriptors?: readonly number[];
}

const PINS = { USER_PIN: scratch.userPin, OFFICER_PIN: scratch.soPin };
const NODE = [process.execPath, '--import', 'tsx', 'src/commands/ceremony.ts'] as const;

function run(args: readonly string[], { env = PINS, input = '', descriptors = [] }: RunOptions = {}) {
  const [node, ...rest] = NODE;
  const child = spawn(node, [...rest, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...descriptors],
  });
  child.stdin?.end(input);
  return ended(child);
}

function ended(child: ReturnType<typeof spawn>, onOut: (text: string) => void = () => undefined) {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
    onOut(out);
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise<Run>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

const on = (label: string) => ['--module', scratch.module, '--token', label];
const pins = ['--pin-env', 'USER_PIN', '--so-pin-env', 'OFFICER_PIN'];
const user = ['--pin-env', 'USER_PIN'];
const path = (name: string) => join(folder, name);
const refused = (code: string) => ({
  code: 1,
  out: '',
  err: expect.stringMatching(new RegExp(`^${code}: .*\n$`)),
});

/** The same without a process of its own: the error of a command line that is refused. */
const failure = (args: readonly string[]) =>
  runCeremony(args).then(
    () => ({ code: 'none', message: '' }),
    (error: { readonly code: string; readonly message: string }) => error,
  );

/** Digests of all keys of all tokens and of all records, to see that nothing has changed. */
const snapshot = () =>
  [scratch.folder, folder].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      // Not the token's own object: it counts logins.
      .filter(
        (entry) => entry.isFile() && /\.(object|json)$/.test(entry.name) && entry.name !== 'token.object',
      )
      .map(({ name, parentPath }) => [name, digestOf(join(parentPath, name))]),
  );
const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe.each(LABELS)('npm run ceremony on %s', (label) => {
  const level = label.at(-1) as string;
  const record = path(`${label}.json`);
  const log = ['--records-sqlite', path(`${label}.sqlite`)];

  test('a dry run prints every attribute and why, opens no module, asks for no PIN and touches nothing', async () => {
    const before = snapshot();
    for (const what of [
      ['init', '--level', level],
      ['add-institution', '0220113112101700', '--level', level],
      ['add-version', 'store', '--level', level],
      ['add-record-period', '2027', '--level', level],
      ['lock-down'],
      ['destroy', 'store/1'],
    ]) {
      // No such module: it would fail if it were opened.
      const out = await runCeremony([...what, '--module', '/nowhere.so', '--dry-run', '--record', record]);
      expect(out).toMatch(/^\S/);
    }
    const { out } = await run(['init', '--level', level, '--dry-run'], { env: {} });
    expect(out).toMatch(/CKA_EXTRACTABLE +false +it never leaves, not even wrapped/);
    expect(out).toMatch(/^key audit\/1, made by the user with CKM_EC_KEY_PAIR_GEN$/m);
    expect(out.includes('CKA_UNWRAP_TEMPLATE: the HSM itself')).toBe(level === '3');
    expect(snapshot()).toEqual(before);
  });

  test('init, list and verify go through, and print no PIN', async () => {
    const who = ['--who', 'officer', '--who', '立会人'];
    const init = await run([
      'init',
      ...[...on(label), ...pins, ...log],
      ...['--level', level, ...who, '--record', record],
    ]);
    expect(init).toMatchObject({ code: 0, err: '' });
    expect(init.out).toMatch(/^CEREMONY RECORD, format 1\n/);
    expect(init.out).toMatch(/^signed by hand: _+ {2}立会人$/m);
    const list = await run(['list', ...on(label), ...user]);
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(list.out).toMatch(new RegExp(`^store/1 +${level} `, 'm'));
    const verify = await run(['verify', record, ...on(label), ...user]);
    expect(verify).toMatchObject({ code: 0, err: '' });
    expect(verify.out).toContain('The token is as the record says.');
    for (const { out } of [init, list, verify]) expect(out).not.toContain(scratch.soPin);
  });

  test('init again is refused, and so is a record file that exists; neither leaves anything', async () => {
    const before = snapshot();
    const init = ['init', ...on(label), ...pins, '--level', level, '--who', 'officer', '--record'];
    expect(await run([...init, record])).toEqual(refused('OPTION_INVALID'));
    expect(await run([...init, path('other.json')])).toEqual(refused('KEY_EXISTS'));
    expect(snapshot()).toEqual(before);
  });

  test('lock-down goes through; verify of the old record then tells what changed', async () => {
    const locked = path(`${label}-locked.json`);
    const asked = ['lock-down', ...on(label), ...user, '--who', 'user', '--record', locked];
    // What cannot be written down does not happen.
    const nowhere = ['--records-sqlite', path('no-such.sqlite')];
    const before = snapshot();
    expect(await run([...asked, ...nowhere])).toEqual(refused('OPTION_INVALID'));
    expect(snapshot()).toEqual(before);
    const lock = await run([...asked, ...log]);
    expect(lock).toMatchObject({ code: 0, err: '' });
    expect(lock.out).toContain('refused: C_DecryptInit with CKM_AES_ECB: CKR_KEY_FUNCTION_NOT_PERMITTED');
    expect(await run(['verify', locked, ...on(label), ...user])).toMatchObject({ code: 0 });
    const old = await run(['verify', record, ...on(label), ...user]);
    if (level === '1') {
      expect(old).toMatchObject({ code: 1, err: expect.stringMatching(/^CEREMONY_TOKEN_DIFFERS: .*\n$/) });
      expect(old.out).toMatch(/^store\/1: attributes-differ\n {2}CKA_DECRYPT recorded true, now false$/m);
    } else {
      expect(old).toMatchObject({ code: 0 });
    }
  });

  test('each ceremony stands in the operation log of the record file that was named, and init made the file', async () => {
    const [, file = ''] = log;
    await using records = await openSqliteRecordStore({ path: file, create: false });
    const texts = await records.logEntries({ from: 0, limit: 100 });
    expect(texts.map((text) => JSON.parse(text).event)).toEqual([
      'ceremony.init.begun',
      'ceremony.init.done',
      'ceremony.lock-down.begun',
      'ceremony.lock-down.done',
    ]);
    expect(texts.join()).not.toContain('立会人');
    expect(await runFsck(log)).toMatchObject({ findings: 0 });
  });
});

describe('a record file', () => {
  const record = path(`${LABELS[0]}.json`);

  test('is verified without an HSM, for a public key that is known', async () => {
    const { signedBy } = JSON.parse(readFileSync(record, 'utf8')) as { signedBy: { publicKey: string } };
    const known = ['--public-key', signedBy.publicKey];
    expect(await run(['verify', record, '--offline', ...known], { env: {} })).toMatchObject({ code: 0 });
    const other = [
      '--public-key',
      JSON.parse(readFileSync(path(`${LABELS[1]}.json`), 'utf8')).signedBy.publicKey,
    ];
    expect(await run(['verify', record, '--offline', ...other])).toEqual(refused('CEREMONY_RECORD_INVALID'));
  });

  test('with a changed byte is refused, with an HSM and without', async () => {
    const changed = path('changed.json');
    writeFileSync(changed, readFileSync(record, 'utf8').replace('"officer"', '"officeR"'));
    for (const how of [['--offline'], [...on(LABELS[0]), ...user]]) {
      expect(await run(['verify', changed, ...how])).toEqual(refused('CEREMONY_RECORD_INVALID'));
    }
    expect(await run(['verify', path('none.json'), '--offline'])).toEqual(refused('OPTION_INVALID'));
  });
});

describe('a PIN', () => {
  const list = ['list', ...on(LABELS[1])];
  const leaks = (result: Run, pin: string) => (result.out + result.err).includes(pin);

  test.each([
    ['--pin', '73517351'],
    ['--pin=73517351'],
    ['-pin', '73517351'],
    ['--so-pin', '73517351'],
    ['--so-pin=73517351'],
    ['--pin-env', '73517351'],
    ['--pin-env', 'secret73517351'],
    ['--pin-fd', '73517351'],
    ['--password', '73517351'],
    ['73517351'],
  ])('in the arguments is refused and not repeated: %s', async (...args) => {
    const error = await failure([...list, ...args]);
    expect(error.code).toMatch(/^OPTION_(UNKNOWN|INVALID)$/);
    expect(error.message).not.toContain('73517351');
  });

  test('as an argument is refused by its name', async () => {
    const result = await run([...list, '--pin', '73517351']);
    expect(result).toEqual(refused('OPTION_UNKNOWN'));
    expect(result.err).toMatch(/^OPTION_UNKNOWN: --pin: a PIN is never an argument/);
    expect((await failure([...list, '--so-pin=1'])).message).toMatch(/^--so-pin: a PIN is never/);
  });

  test('comes from standard input or another descriptor, one line for each PIN', async () => {
    expect(await run([...list, '--pin-fd', '0'], { input: `${scratch.userPin}\n` })).toMatchObject({
      code: 0,
    });
    const file = path('pin');
    writeFileSync(file, `${scratch.userPin}\r\n`);
    const descriptor = openSync(file, 'r');
    const viaFile = await run([...list, '--pin-fd', '3'], { descriptors: [descriptor] });
    closeSync(descriptor);
    expect(viaFile).toMatchObject({ code: 0 });
    const both = [
      '--pin-fd',
      '0',
      '--so-pin-fd',
      '0',
      '--level',
      '3',
      '--who',
      'a',
      '--record',
      path('both.json'),
    ];
    const input = `${scratch.userPin}\n${scratch.soPin}\n`;
    const added = await run(['add-record-period', 'both', ...on(LABELS[0]), ...both], { input });
    expect(added).toMatchObject({ code: 0, err: '' });
  });

  test('that is wrong, empty, or nowhere to be had is refused', async () => {
    const wrong = await run([...list, ...user], { env: { USER_PIN: '73517351' } });
    expect(wrong).toEqual(refused('PIN_REFUSED'));
    expect(leaks(wrong, '73517351')).toBe(false);
    expect(await run([...list, ...user], { env: { USER_PIN: '' } })).toEqual(refused('OPTION_INVALID'));
    expect(await run([...list, '--pin-fd', '9'])).toEqual(refused('OPTION_INVALID'));
    expect(await run([...list, '--pin-fd', '0'], { input: '\n' })).toEqual(refused('OPTION_INVALID'));
    expect(await run([...list, ...user, '--pin-fd', '0'])).toEqual(refused('OPTION_INVALID'));
    expect(await run(list)).toEqual(refused('PIN_REFUSED'));
  });
});

describe('destroy', () => {
  const destroy = ['destroy', 'store/1', ...on(LABELS[1]), '--who', 'user', '--record'];

  test('wants the name exactly twice more', async () => {
    const before = snapshot();
    for (const yes of [[], ['store/1'], ['store/1', 'store/2'], ['store/1', 'store/1', 'store/1']]) {
      const confirmed = yes.flatMap((name) => ['--yes-destroy', name]);
      expect(await run([...destroy, path('no.json'), ...user, ...confirmed])).toEqual(
        refused('OPTION_INVALID'),
      );
    }
    expect(snapshot()).toEqual(before);
  });

  /** At a pseudo-terminal: types each line when its question has appeared, gives all that was shown. */
  function atTerminal(
    args: readonly string[],
    lines: readonly (readonly [question: string, answer: string])[],
  ) {
    const command = [...NODE, ...args].map((part) => `'${part}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...process.env, SHELL: '/bin/sh' },
    });
    const left = [...lines];
    return ended(child, (shown) => {
      const [next] = left;
      if (next === undefined || !shown.endsWith(next[0])) return;
      left.shift();
      child.stdin.write(`${next[1]}\r`);
    });
  }

  const PIN = ['PIN of the user (not shown): ', scratch.userPin] as const;
  const FIRST = 'Name of the key to be destroyed for ever: ';
  const SECOND = 'The same again: ';

  test('asks at the terminal, for the PIN without echo and for the name twice', async () => {
    const mistaken = await atTerminal(
      [...destroy, path('no.json')],
      [PIN, [FIRST, 'store/1'], [SECOND, 'store/2']],
    );
    expect(mistaken.code).toBe(1);
    expect(mistaken.out).toContain('OPTION_INVALID: nothing was destroyed');
    const done = await atTerminal(
      [...destroy, path('destroyed.json')],
      // A mistyped character taken back.
      [PIN, [FIRST, 'store/2\u007f1'], [SECOND, 'store/1']],
    );
    expect(done.code).toBe(0);
    expect(done.out).toContain('key store/1: destroyed, fingerprint ');
    const asked = done.out.slice(0, done.out.indexOf('CEREMONY RECORD'));
    expect(asked).toContain('store/1');
    expect(asked).not.toContain(scratch.userPin);
    expect(await run(['verify', path('destroyed.json'), ...on(LABELS[1]), ...user])).toMatchObject({
      code: 0,
    });
  });
});

describe('the command line', () => {
  test.each([
    [['nothing'], 'OPTION_INVALID'],
    [[], 'OPTION_INVALID'],
    [['init', 'extra'], 'OPTION_INVALID'],
    [['init', ...on(LABELS[0]), ...pins, '--level', '4', '--who', 'a', '--record', 'x'], 'OPTION_INVALID'],
    [['init', ...on(LABELS[0]), ...pins, '--who', 'a', '--record', 'x'], 'OPTION_INVALID'],
    [['init', ...on(LABELS[0]), ...pins, '--level', '3', '--who', 'a'], 'OPTION_INVALID'],
    [['init', ...on(LABELS[0]), ...pins, '--level', '3', '--record', 'x'], 'OPTION_INVALID'],
    [['list', '--token', LABELS[0], ...user], 'OPTION_INVALID'],
    [['list', '--level', '3'], 'OPTION_UNKNOWN'],
    [['lock-down', '--yes-destroy', 'a'], 'OPTION_UNKNOWN'],
    [['list', '--module', '/nowhere.so', '--token', 'a', ...user], 'MODULE_LOAD'],
    [['list', ...on('no such token'), ...user], 'TOKEN_NOT_FOUND'],
    [['add-version', 'record/2026', '--dry-run', '--level', '2'], 'KEY_NAME_INVALID'],
    [['add-institution', '', '--dry-run', '--level', '2'], 'INSTITUTION_CODE_INVALID'],
  ])('%j is refused: %s', async (args, code) => {
    process.env.USER_PIN = scratch.userPin;
    process.env.OFFICER_PIN = scratch.soPin;
    expect(await failure(args)).toMatchObject({ code });
  });

  test('a refusal is one line on standard error and exit code 1', async () => {
    expect(await run(['list', ...on('no such token'), ...user])).toEqual(refused('TOKEN_NOT_FOUND'));
  });

  test('takes a level by its name', async () => {
    const named = await runCeremony(['init', '--dry-run', '--level', 'hsm-enforced']);
    expect(named).toBe(await runCeremony(['init', '--dry-run', '--level', '3']));
  });
});
