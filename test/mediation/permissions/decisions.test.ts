import { fc, test as prop } from '@fast-check/vitest';
import {
  type InstitutionCode,
  openPermissions,
  type PermissionQuestion,
  parseInstitutionCode,
  type RefusalReason,
} from 'renkei';
import { describe, expect, test } from 'vitest';
import { breachesOf, classesOf, directoryOf, type Rows, tableOf } from '../../support/permission-files.js';

const DAY_MS = 86_400_000;
const FIRST = Date.parse('2026-04-01T00:00:00+09:00');
const DAYS = 12;

/** A day of a short time, by its number; Japan has no summer time. */
const dayName = (day: number) => new Date(FIRST + 9 * 3_600_000 + day * DAY_MS).toISOString().slice(0, 10);
const dayNumber = fc.integer({ min: 0, max: DAYS - 1 });

/** A row's days: none, one end, or both. */
const days = fc
  .record({ from: fc.option(dayNumber), length: fc.option(fc.nat(6)) })
  .map(({ from, length }) => ({
    ...(from === null ? {} : { effectiveFrom: dayName(from) }),
    ...(length === null ? {} : { effectiveTo: dayName((from ?? 0) + length) }),
  }));

const CODES = ['A1', 'B2', 'C3', 'D4'];
const CLASSES = ['市町村長', '都道府県知事', '大臣'];
const CELLS = ['市町村長', '都道府県知事又は市町村長', '大臣等', 'A1', 'C3'];
const AFFAIRS = ['児童手当に関する事務', '介護保険に関する事務'];
const INFORMATION = ['地方税関係情報', '住民票関係情報'];

type Row = Rows[number];

interface World {
  readonly revisions: readonly { readonly effectiveFrom: string; readonly rows: Rows }[];
  readonly directory: Rows;
  readonly classes: Rows;
  readonly breaches: Rows;
}

const inForce = (row: Row, day: string) =>
  ((row.effectiveFrom as string) ?? '0') <= day && day <= ((row.effectiveTo as string) ?? '9');

/** The law as it is read: one row after the other, dates compared as texts. */
function naive(
  world: World,
  { inquirer, affair, provider, information }: PermissionQuestion,
  day: string,
): true | RefusalReason {
  const entryOf = (code: string) =>
    world.directory.find((row) => row.institution === code && inForce(row, day));
  const [asking, asked] = [entryOf(inquirer), entryOf(provider)];
  if (asking === undefined || asked === undefined) return 'institution-unknown';
  const revision = [...world.revisions]
    .sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1))
    .find(({ effectiveFrom }) => effectiveFrom <= day);
  const means = (cell: unknown, entry: Row) => {
    const meaning = world.classes.find((one) => one.cell === cell && inForce(one, day));
    const names = (meaning?.classes ?? [cell]) as readonly unknown[];
    return names.some((name) => name === entry.institution || entry.classes?.includes(name as string));
  };
  const isListed = revision?.rows.some(
    (row) =>
      inForce(row, day) &&
      means(row.inquirer, asking) &&
      means(row.provider, asked) &&
      (affair === row.affair || affair === row.affairCode) &&
      (information === row.information || information === row.informationCode),
  );
  if (!isListed) return 'not-listed';
  const inBreach = (code: string) =>
    world.breaches.some((row) => row.institution === code && inForce(row, day));
  if (inBreach(inquirer)) return 'inquirer-in-breach';
  return inBreach(provider) ? 'provider-in-breach' : true;
}

/** Keeps rows that are about other things, or on other days, than those before. */
function apart(rows: readonly Row[], keys: readonly string[]): Row[] {
  return rows.filter((row, k) =>
    rows.slice(0, k).every((other) => {
      const isSame = keys.every((key) => row[key] === other[key]);
      const [a, b] = [row, other].map(({ effectiveFrom = '0', effectiveTo = '9' }) => [
        effectiveFrom,
        effectiveTo,
      ]);
      return !isSame || (a?.[0] ?? '') > (b?.[1] ?? '') || (b?.[0] ?? '') > (a?.[1] ?? '');
    }),
  );
}

const some = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { maxLength });
const dated = (cells: Readonly<Record<string, fc.Arbitrary<string | string[]>>>) =>
  fc.tuple(fc.record(cells), days).map(([row, when]): Row => ({ ...row, ...when }));
const someOf = (names: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 });

const tableRow = fc
  .tuple(
    dated({
      item: fc.constantFrom('一', '二'),
      inquirer: fc.constantFrom(...CELLS),
      affair: fc.constantFrom(...AFFAIRS),
      provider: fc.constantFrom(...CELLS),
      information: fc.constantFrom(...INFORMATION),
    }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(
    ([row, affairCode, informationCode]): Row => ({
      ...row,
      ...(affairCode ? { affairCode: `J${AFFAIRS.indexOf(row.affair as string)}` } : {}),
      ...(informationCode ? { informationCode: `T${INFORMATION.indexOf(row.information as string)}` } : {}),
    }),
  );

const directory = some(
  dated({
    institution: fc.constantFrom(...CODES),
    name: fc.constantFrom('甲', '乙'),
    classes: someOf(CLASSES),
  }),
  6,
)
  // Most institutions are there all the time, lest most questions be about nobody.
  .map((rows) =>
    apart(
      [
        ...rows,
        ...CODES.map((institution, k) => ({ institution, name: '丙', classes: [CLASSES[k % 3] as string] })),
      ],
      ['institution'],
    ),
  );

const world: fc.Arbitrary<World> = fc.record({
  revisions: fc.uniqueArray(
    fc.record({
      effectiveFrom: dayNumber.map(dayName),
      rows: some(tableRow, 10).map((rows) => apart(rows, ['inquirer', 'affair', 'provider', 'information'])),
    }),
    { minLength: 1, maxLength: 3, selector: ({ effectiveFrom }) => effectiveFrom },
  ),
  directory,
  classes: some(dated({ cell: fc.constantFrom(...CELLS), classes: someOf([...CLASSES, 'B2']) }), 4).map(
    (rows) => apart(rows, ['cell']),
  ),
  breaches: some(dated({ institution: fc.constantFrom(...CODES) }), 2).map((rows) =>
    apart(
      rows.map((row) => ({ effectiveFrom: dayName(0), ...row })),
      ['institution'],
    ),
  ),
});

const open = (given: World) =>
  openPermissions({
    revisions: given.revisions.map(({ effectiveFrom, rows }) => tableOf(effectiveFrom, rows)),
    directory: directoryOf(given.directory),
    classes: classesOf(given.classes),
    breaches: breachesOf(given.breaches),
  });

const code = parseInstitutionCode;

describe('decisions', () => {
  const seen = new Set<true | RefusalReason>();

  prop.prop([world], { numRuns: 100 })(
    '番号法19条8号, 令26条4項: every question on every day is answered as reading row after row answers it',
    async (given) => {
      const known = (rows: Rows) =>
        rows.filter(({ institution }) => given.directory.some((row) => row.institution === institution));
      const right = { ...given, breaches: known(given.breaches) };
      const permissions = await open(right);
      for (let day = -1; day <= DAYS + 6; day++) {
        const start = FIRST + day * DAY_MS;
        expect(permissions.rowsInForce(start)).toEqual(rowsOn(right, dayName(day)));
        const at = start + (((day + 1) * 6_000_000) % DAY_MS);
        const wrong = questions(at).filter((question) => {
          const expected = naive(right, question, dayName(day));
          seen.add(expected);
          return [permissions.decide(question), permissions.explain(question)].some((answer) =>
            expected === true ? !answer.permitted : answer.permitted || answer.reason !== expected,
          );
        });
        expect(wrong).toEqual([]);
      }
    },
    120_000,
  );

  test('the property has seen every answer', () => {
    expect([...seen].map(String).sort()).toEqual([
      'inquirer-in-breach',
      'institution-unknown',
      'not-listed',
      'provider-in-breach',
      'true',
    ]);
  });
});

function rowsOn({ revisions }: World, day: string): Rows {
  const now = [...revisions]
    .sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1))
    .find(({ effectiveFrom }) => effectiveFrom <= day);
  return (now?.rows ?? []).filter((row) => inForce(row, day));
}

function questions(at: number): PermissionQuestion[] {
  const all: PermissionQuestion[] = [];
  for (const inquirer of [...CODES, 'Z9'].map(code)) {
    for (const provider of CODES.map(code)) {
      for (const affair of [...AFFAIRS, 'J0', '他']) {
        for (const information of [...INFORMATION, 'T1'])
          all.push({ inquirer, provider, affair, information, at });
      }
    }
  }
  return all;
}

describe('whom a cell means', () => {
  const at = FIRST;
  const row = { item: '一', affair: '事務', information: '情報' };
  const ask = (inquirer: InstitutionCode, provider: InstitutionCode) => ({
    inquirer,
    provider,
    affair: '事務',
    information: '情報',
    at,
  });

  async function decided(
    cell: string,
    classes: Rows,
    institutionClasses: readonly string[],
  ): Promise<boolean> {
    const permissions = await openPermissions({
      revisions: [tableOf('2026-04-01', [{ ...row, inquirer: cell, provider: 'B2' }])],
      directory: directoryOf([
        { institution: 'A1', name: '市町村長', classes: institutionClasses },
        { institution: 'B2', name: '乙', classes: ['他'] },
      ]),
      classes: classesOf(classes),
    });
    return permissions.decide(ask(code('A1'), code('B2'))).permitted;
  }

  test.each([
    ['its 機関コード', 'A1', [], ['他'], true],
    ['a class of its name', '市町村長', [], ['市町村長'], true],
    [
      'a class that the list of cells names',
      '都道府県知事又は市町村長',
      [{ cell: '都道府県知事又は市町村長', classes: ['都道府県知事', '市町村長'] }],
      ['市町村長'],
      true,
    ],
    [
      'a 機関コード that the list of cells names',
      '広島市長等',
      [{ cell: '広島市長等', classes: ['A1'] }],
      ['他'],
      true,
    ],
    ['its 名称, which decides nothing', '市町村長', [], ['他'], false],
    [
      'a class within the words of the cell, which no program reads',
      '都道府県知事又は市町村長',
      [],
      ['市町村長'],
      false,
    ],
    [
      'a class of its name, where the list says otherwise',
      '市町村長',
      [{ cell: '市町村長', classes: ['都道府県知事'] }],
      ['市町村長'],
      false,
    ],
    [
      'a class of its name, where the list said otherwise until yesterday',
      '市町村長',
      [{ cell: '市町村長', classes: ['都道府県知事'], effectiveTo: '2026-03-31' }],
      ['市町村長'],
      true,
    ],
  ])('%s', async (_, cell, classes, institutionClasses, expected) => {
    expect(await decided(cell, classes, institutionClasses)).toBe(expected);
  });

  test('of 100 classes none is taken for another', async () => {
    const names = Array.from({ length: 100 }, (_, k) => `類${k}`);
    const permissions = await openPermissions({
      revisions: [
        tableOf(
          '2026-04-01',
          names.map((name) => ({ ...row, inquirer: name, provider: name, information: name })),
        ),
      ],
      directory: directoryOf(names.map((name, k) => ({ institution: `N${k}`, name, classes: [name] }))),
    });
    for (const [k, name] of names.entries()) {
      for (let n = 0; n < 100; n++) {
        const question = { ...ask(code(`N${k}`), code(`N${n}`)), information: name };
        expect(permissions.decide(question).permitted).toBe(n === k);
      }
    }
  });
});

describe('breaches of 番号法28条 (令26条4項)', () => {
  const row = { item: '一', inquirer: 'A1', affair: '事務', provider: 'B2', information: '情報' };
  const world = (breaches: Rows): World => ({
    revisions: [{ effectiveFrom: '2026-04-01', rows: [row] }],
    directory: ['A1', 'B2'].map((institution) => ({ institution, name: institution, classes: ['他'] })),
    classes: [],
    breaches,
  });
  const ask = (day: number, information = '情報') => ({
    inquirer: code('A1'),
    provider: code('B2'),
    affair: '事務',
    information,
    at: FIRST + day * DAY_MS,
  });

  test('an institution in breach is refused from its first day to its last, and no other day', async () => {
    const permissions = await open(
      world([{ institution: 'B2', effectiveFrom: '2026-04-03', effectiveTo: '2026-04-04' }]),
    );
    const answers = [0, 1, 2, 3, 4].map((day) => permissions.decide(ask(day)));
    const refused = { permitted: false, reason: 'provider-in-breach' };
    const permitted = { permitted: true };
    expect(answers).toEqual([permitted, permitted, refused, refused, permitted]);
  });

  test('whoever may not ask is not told of a breach', async () => {
    const permissions = await open(world([{ institution: 'B2', effectiveFrom: '2026-04-01' }]));
    expect(permissions.decide(ask(0, '他'))).toEqual({ permitted: false, reason: 'not-listed' });
    expect(permissions.decide(ask(0))).toEqual({ permitted: false, reason: 'provider-in-breach' });
  });
});

describe('a question that is none', () => {
  test('is refused', async () => {
    const permissions = await openPermissions({
      revisions: [
        tableOf('2026-04-01', [
          { item: '一', inquirer: 'A1', affair: '事務', provider: 'A1', information: '情報' },
        ]),
      ],
      directory: directoryOf([{ institution: 'A1', name: '甲', classes: ['他'] }]),
    });
    const question = {
      inquirer: code('A1'),
      provider: code('A1'),
      affair: '事務',
      information: '情報',
      at: FIRST,
    };
    expect(permissions.decide(question).permitted).toBe(true);
    const strange = [
      { at: Number.NaN },
      { at: '今日' },
      { at: undefined },
      { affair: undefined },
      { affair: 'constructor' },
      { information: '__proto__' },
      { inquirer: 'toString' },
      { provider: null },
    ];
    for (const one of strange) {
      const decision = permissions.decide({ ...question, ...one } as unknown as PermissionQuestion);
      expect(decision.permitted).toBe(false);
    }
  });
});
