import {
  type LogDraft,
  type OperationLog,
  openPermissions,
  type PermissionsOptions,
  parseInstitutionCode,
  RenkeiError,
} from 'renkei';
import { describe, expect, test } from 'vitest';
import { breachesOf, directoryOf, tableOf } from '../../support/permission-files.js';

const row = { item: '一', inquirer: '市町村長', affair: '事務', provider: '大臣', information: '情報' };
const first = tableOf('2026-04-01', [row]);
const second = tableOf('2026-07-01', [
  { ...row, item: '二', information: '新' },
  { ...row, item: '三' },
]);
const directory = directoryOf([
  { institution: 'A1', name: '甲市長', classes: ['市町村長'] },
  { institution: 'B2', name: '乙大臣', classes: ['大臣'] },
]);
const [A1, B2] = [parseInstitutionCode('A1'), parseInstitutionCode('B2')];
const noon = (day: string) => Date.parse(`${day}T12:00:00+09:00`);
const ask = (at: number, information = '情報') => ({
  inquirer: A1,
  affair: '事務',
  provider: B2,
  information,
  at,
});

/** A log in memory that may be held up, or fail. */
class ScratchLog implements OperationLog {
  readonly drafts: LogDraft[] = [];
  fault: RenkeiError | undefined;
  /** Runs while an append is under way. */
  meanwhile: () => unknown = () => undefined;

  async append(drafts: readonly LogDraft[]) {
    await this.meanwhile();
    if (this.fault !== undefined) throw this.fault;
    this.drafts.push(...drafts);
    return { first: this.drafts.length - drafts.length, at: 0 };
  }

  get events(): string[] {
    return this.drafts.map(({ event }) => event);
  }
}

const open = (more: Partial<PermissionsOptions> = {}) =>
  openPermissions({ revisions: [first], directory, ...more });

describe('revisions of the table', () => {
  test('「その日に何が認められていたか」: each is in force from 00:00 in Japan on its day until the next', async () => {
    const permissions = await open({ revisions: [second, first] });
    const change = Date.parse('2026-07-01T00:00:00+09:00');
    const explain = (at: number, information = '情報') => {
      const answer = permissions.explain(ask(at, information));
      return answer.permitted ? `${answer.row.item} ${answer.revision.effectiveFrom}` : answer.reason;
    };
    expect(permissions.explain(ask(noon('2026-03-31')))).toEqual({ permitted: false, reason: 'not-listed' });
    expect(explain(noon('2026-04-01'))).toBe('一 2026-04-01');
    expect(explain(change - 1)).toBe('一 2026-04-01');
    expect(explain(change)).toBe('三 2026-07-01');
    expect(explain(change - 1, '新')).toBe('not-listed');
    expect(explain(change, '新')).toBe('二 2026-07-01');
    expect(permissions.parts.revisions).toEqual([first, second]);
  });

  test('one that is added leaves the days before it as they were', async () => {
    const permissions = await open();
    await permissions.add(second);
    expect(permissions.decide(ask(noon('2026-06-30'), '新')).permitted).toBe(false);
    expect(permissions.decide(ask(noon('2026-07-01'), '新')).permitted).toBe(true);
  });

  test('one that is there already is added without effect; another of the same day is refused', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    await permissions.add(tableOf('2026-04-01', [row]));
    expect(log.events).toEqual(['permissions.opened', 'permissions.opened']);
    const other = tableOf('2026-04-01', [{ ...row, item: '二' }]);
    await expect(permissions.add(other)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await permissions.replace({ revisions: [other] });
    expect(permissions.parts.revisions).toEqual([other]);
  });

  test('名称 of an institution is that of the day', async () => {
    const permissions = await open();
    const renamed = directoryOf([
      { institution: 'A1', name: '甲市長', classes: ['市町村長'], effectiveTo: '2026-06-30' },
      { institution: 'A1', name: '甲乙市長', classes: ['市町村長'], effectiveFrom: '2026-07-02' },
    ]);
    await permissions.replace({ directory: renamed });
    const names = ['2026-06-30', '2026-07-01', '2026-07-02'].map((day) => permissions.nameOf(A1, noon(day)));
    expect(names).toEqual(['甲市長', undefined, '甲乙市長']);
    expect(permissions.nameOf(B2, noon('2026-07-02'))).toBeUndefined();
  });
});

describe('what decides is in the operation log before it does', () => {
  test('opening names every part', async () => {
    const log = new ScratchLog();
    const breaches = breachesOf([{ institution: 'B2', effectiveFrom: '2026-05-01' }]);
    await open({ log, breaches, revisions: [first, second] });
    expect(log.drafts).toEqual([
      {
        event: 'permissions.opened',
        details: { part: 'table', effectiveFrom: '2026-04-01', digest: first.digest, rows: 1 },
      },
      {
        event: 'permissions.opened',
        details: { part: 'table', effectiveFrom: '2026-07-01', digest: second.digest, rows: 2 },
      },
      { event: 'permissions.opened', details: { part: 'directory', digest: directory.digest, rows: 2 } },
      { event: 'permissions.opened', details: { part: 'breaches', digest: breaches.digest, rows: 1 } },
    ]);
  });

  test('a change takes effect after its entry, and not before', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    const during: boolean[] = [];
    log.meanwhile = () => during.push(permissions.decide(ask(noon('2026-07-01'), '新')).permitted);
    await permissions.add(second);
    expect(during).toEqual([false]);
    expect(permissions.decide(ask(noon('2026-07-01'), '新')).permitted).toBe(true);
    expect(log.drafts.slice(2)).toEqual([
      {
        event: 'permissions.replaced',
        details: { part: 'table', effectiveFrom: '2026-07-01', digest: second.digest, rows: 2 },
      },
    ]);
  });

  test('what is taken away is named too', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    await permissions.replace({ revisions: [second] });
    expect(log.drafts.slice(2)).toMatchObject([
      { event: 'permissions.withdrawn', details: { digest: first.digest } },
      { event: 'permissions.replaced', details: { digest: second.digest } },
    ]);
  });

  test('番号法28条, 令26条4項: a breach that is set by hand is named with its days', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    await permissions.setBreach({ institution: B2, effectiveFrom: '2026-07-01' });
    expect(permissions.decide(ask(noon('2026-07-01')))).toEqual({
      permitted: false,
      reason: 'provider-in-breach',
    });
    expect(permissions.decide(ask(noon('2026-06-30'))).permitted).toBe(true);
    await permissions.setBreach({ institution: B2, effectiveFrom: '2026-07-01', effectiveTo: '2026-07-10' });
    expect(permissions.decide(ask(noon('2026-07-10'))).permitted).toBe(false);
    expect(permissions.decide(ask(noon('2026-07-11'))).permitted).toBe(true);
    expect(log.drafts.slice(2)).toMatchObject([
      {
        event: 'institution.in-breach',
        details: { institution: 'B2', effectiveFrom: '2026-07-01', rows: 1 },
      },
      {
        event: 'institution.in-breach',
        details: { effectiveTo: '2026-07-10', digest: permissions.parts.breaches?.digest },
      },
    ]);
  });

  test('where the log fails, nothing changes; the change may be made again', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    log.fault = new RenkeiError('STORE_FAULT', 'the disk is full');
    const before = permissions.parts;
    const changes = [
      () => permissions.add(second),
      () => permissions.replace({ revisions: [second] }),
      () => permissions.setBreach({ institution: B2, effectiveFrom: '2026-04-01' }),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject({ code: 'STORE_FAULT' });
    expect(permissions.parts).toBe(before);
    expect(permissions.decide(ask(noon('2026-07-01'))).permitted).toBe(true);
    log.fault = undefined;
    for (const change of changes) await change();
    expect(permissions.decide(ask(noon('2026-07-01')))).toEqual({
      permitted: false,
      reason: 'provider-in-breach',
    });
  });

  test('where the log fails at opening, nothing is opened', async () => {
    const log = new ScratchLog();
    log.fault = new RenkeiError('STORE_FAULT', 'the disk is full');
    await expect(open({ log })).rejects.toMatchObject({ code: 'STORE_FAULT' });
  });

  test('changes at the same time come one after the other, none is lost, and a refused one stops no other', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    log.meanwhile = () => new Promise((resolve) => setTimeout(resolve, 1));
    const answers = await Promise.allSettled([
      permissions.add(second),
      permissions.setBreach({ institution: A1, effectiveFrom: '2026-08-01' }),
      permissions.add(tableOf('2026-04-01', [])),
      permissions.setBreach({ institution: B2, effectiveFrom: '2026-09-01' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(permissions.parts.revisions).toEqual([first, second]);
    expect(permissions.parts.breaches?.rows).toHaveLength(2);
    expect(log.events.slice(2)).toEqual([
      'permissions.replaced',
      'institution.in-breach',
      'institution.in-breach',
    ]);
  });

  test('whoever gave up before its turn changes nothing and logs nothing', async () => {
    const log = new ScratchLog();
    const permissions = await open({ log });
    const signal = AbortSignal.abort();
    await expect(permissions.add(second, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(open({ log, signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(log.events).toHaveLength(2);
  });
});

test('swapped while requests run, every decision is of one state as a whole', async () => {
  // In either state one of two rows is in force and one of two institutions exists; a mixture would permit nothing.
  const state = (institution: string, information: string) => ({
    revisions: [
      tableOf('2026-04-01', [{ ...row, inquirer: institution, provider: institution, information }]),
    ],
    directory: directoryOf([{ institution, name: information, classes: ['他'] }]),
  });
  const states = [state('A1', '情報'), state('B2', '新')] as const;
  const permissions = await openPermissions(states[0]);
  let running = true;
  const seen = new Set<number>();
  const asking = Array.from({ length: 4 }, async () => {
    while (running) {
      const answers = (
        [
          [A1, '情報'],
          [B2, '新'],
        ] as const
      ).map(([institution, information]) => {
        const question = {
          ...ask(noon('2026-05-01'), information),
          inquirer: institution,
          provider: institution,
        };
        return permissions.decide(question);
      });
      // Both questions are asked without a pause between them: no swap comes in between.
      expect(answers.filter(({ permitted }) => permitted)).toHaveLength(1);
      expect(answers).toContainEqual({ permitted: false, reason: 'institution-unknown' });
      seen.add(answers.findIndex(({ permitted }) => permitted));
      await new Promise(setImmediate);
    }
  });
  for (let k = 1; k <= 100; k++) {
    await permissions.replace(states[k % 2] as (typeof states)[0]);
    await new Promise(setImmediate);
  }
  running = false;
  await Promise.all(asking);
  expect([...seen].sort()).toEqual([0, 1]);
});

describe('what is refused', () => {
  const cases: readonly (readonly [string, Partial<Record<keyof PermissionsOptions, unknown>>, string])[] = [
    ['no revision', { revisions: [] }, 'OPTION_INVALID'],
    ['rows that no reader checked', { revisions: [{ ...first }] }, 'OPTION_INVALID'],
    ['a directory in the place of breaches', { breaches: directory }, 'OPTION_INVALID'],
    ['two revisions of one day', { revisions: [first, tableOf('2026-04-01', [])] }, 'OPTION_INVALID'],
    [
      'a breach of nobody',
      { breaches: breachesOf([{ institution: 'Z9', effectiveFrom: '2026-04-01' }]) },
      'INSTITUTION_UNKNOWN',
    ],
    ['a log that cannot append', { log: {} }, 'OPTION_INVALID'],
    ['an option that is none', { now: Date.now } as object, 'OPTION_UNKNOWN'],
  ];
  test.each(cases)('%s', async (_, options, code) => {
    await expect(open(options as Partial<PermissionsOptions>)).rejects.toMatchObject({ code });
  });

  test.each([
    [{ institution: 'Z9', effectiveFrom: '2026-04-01' }, 'INSTITUTION_UNKNOWN'],
    [{ institution: 'A-1', effectiveFrom: '2026-04-01' }, 'INSTITUTION_CODE_INVALID'],
    [{ institution: 'A1' }, 'OPTION_INVALID'],
    [{ institution: 'A1', effectiveFrom: '2026-02-30' }, 'OPTION_INVALID'],
    [{ institution: 'A1', effectiveFrom: '2026-04-02', effectiveTo: '2026-04-01' }, 'OPTION_INVALID'],
    [{ institution: 'B2', effectiveFrom: '2026-05-02' }, 'OPTION_INVALID'],
    [{ institution: 'A1', effectiveFrom: '2026-04-01', reason: '' }, 'OPTION_UNKNOWN'],
    [undefined, 'OPTION_INVALID'],
  ])('a breach that is none: %j', async (breach, code) => {
    const permissions = await open({
      breaches: breachesOf([{ institution: 'B2', effectiveFrom: '2026-05-01' }]),
    });
    await expect(permissions.setBreach(breach as never)).rejects.toMatchObject({ code });
    expect(permissions.parts.breaches?.rows).toHaveLength(1);
  });

  test('a directory without an institution that is in breach: its flag must not get lost', async () => {
    const permissions = await open({
      breaches: breachesOf([{ institution: 'B2', effectiveFrom: '2026-05-01' }]),
    });
    const without = directoryOf([{ institution: 'A1', name: '甲市長', classes: ['市町村長'] }]);
    await expect(permissions.replace({ directory: without })).rejects.toMatchObject({
      code: 'INSTITUTION_UNKNOWN',
    });
    await expect(permissions.replace({ tables: [] } as never)).rejects.toMatchObject({
      code: 'OPTION_UNKNOWN',
    });
    expect(permissions.parts.directory).toBe(directory);
  });
});
