import fc from 'fast-check';
import {
  createMemoryRecordStore,
  formatPerInstitutionCode,
  type MediationOutcome,
  openMediator,
  parsePerInstitutionCode,
  type RefusalReason,
} from 'renkei';
import { beforeAll, expect, test } from 'vitest';
import { faultyRecords, storeFault } from '../support/faulty-records.js';
import {
  entriesOf,
  type MediationWorld,
  NOON,
  openMediationWorld,
  requestOf,
  TestPermissions,
} from '../support/mediation-world.js';
import { switchInstitution } from '../support/rotation-by-hand.js';

const PEOPLE = 4;
const AFFAIRS: Readonly<Record<string, RefusalReason | undefined>> = {
  permitted: undefined,
  'not listed': 'not-listed',
  'in breach': 'provider-in-breach',
};

/** One request as the law looks at it. */
interface Asked {
  readonly id: number;
  readonly person: number;
  readonly code: 'genuine' | 'retired' | 'forged' | 'of-another';
  readonly provider: 'B2' | 'C3';
  readonly affair: string;
  readonly nonDisclosure: boolean;
}

/** Requests that come at once; what becomes of the transaction that writes them. */
interface Round {
  readonly asked: readonly Asked[];
  readonly fault: 'none' | 'before' | 'after';
  readonly isBatch: boolean;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  id: fc.nat(5),
  person: fc.nat(PEOPLE - 1),
  code: fc.oneof(
    { weight: 6, arbitrary: fc.constant('genuine' as const) },
    { weight: 2, arbitrary: fc.constantFrom('retired' as const, 'forged' as const, 'of-another' as const) },
  ),
  provider: fc.constantFrom('B2' as const, 'C3' as const),
  affair: fc.constantFrom(...Object.keys(AFFAIRS)),
  nonDisclosure: fc.boolean(),
});
const round: fc.Arbitrary<Round> = fc.record({
  asked: fc.array(asked, { minLength: 1, maxLength: 6 }),
  fault: fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom('before' as const, 'after' as const) },
  ),
  isBatch: fc.boolean(),
});

let world: MediationWorld;
/** A1's codes under the version in force, those of before, B2's codes of the first half of the people. */
let codes: { genuine: readonly string[]; retired: readonly string[]; b: readonly string[] };

beforeAll(async () => {
  world = await openMediationWorld({ people: PEOPLE });
  const rotation = await switchInstitution(world, 'A1', 2);
  await rotation.retire();
  const genuine = await world.issueTo('A1', PEOPLE);
  codes = { genuine, retired: world.codes.a, b: world.codes.b };
});

function codeOf({ code, person }: Asked): string {
  if (code === 'retired') return codes.retired[person] as string;
  if (code === 'of-another') {
    // Under the version that A1 has in force: otherwise it would be refused for its version.
    const { code: bytes } = parsePerInstitutionCode(codes.b[person % codes.b.length] as string);
    return formatPerInstitutionCode(bytes, 2);
  }
  const genuine = codes.genuine[person] as string;
  return code === 'forged'
    ? genuine.slice(0, 5) + (genuine[5] === 'a' ? 'b' : 'a') + genuine.slice(6)
    : genuine;
}

/** What the law says of a request, by the first one under its name that was recorded. */
class Model {
  readonly #recorded = new Map<number, { readonly asked: Asked; readonly serial: number }>();
  refusedCodes = 0;

  get rows(): number {
    return this.#recorded.size;
  }

  /** 令26条: code, then permission, then whether the provider holds a code; by its name, what is on record stands. */
  answer(asked: Asked): string {
    const error = { retired: 'CODE_VERSION_RETIRED', forged: 'CODE_FORGED', 'of-another': 'CODE_FORGED' };
    if (asked.code !== 'genuine') {
      this.refusedCodes++;
      return `invalid-code ${error[asked.code]}`;
    }
    const known = this.#recorded.get(asked.id);
    if (known !== undefined) {
      const isSame = (['person', 'provider', 'affair', 'nonDisclosure'] as const).every(
        (member) => known.asked[member] === asked[member],
      );
      return isSame ? `${known.serial} ${outcomeOf(asked)}` : 'refused REQUEST_CONFLICT';
    }
    const serial = this.#recorded.size + 1;
    this.#recorded.set(asked.id, { asked, serial });
    return `${serial} ${outcomeOf(asked)}`;
  }
}

function outcomeOf({ affair, provider, person }: Asked): string {
  const reason = AFFAIRS[affair];
  if (reason !== undefined) return `not-permitted ${reason}`;
  const isHeld = provider === 'B2' && person < codes.b.length;
  return isHeld ? `forwarded ${codes.b[person]}` : 'provider-has-no-code';
}

function told(outcome: MediationOutcome): string {
  switch (outcome.status) {
    case 'forwarded':
      return `${outcome.serial} forwarded ${outcome.notice.content.code}`;
    case 'not-permitted':
      return `${outcome.serial} not-permitted ${outcome.reason}`;
    case 'provider-has-no-code':
      return `${outcome.serial} provider-has-no-code`;
    default:
      return `${outcome.status} ${outcome.error}`;
  }
}

test('令26条: whatever is asked, in whatever order, once or again, and whenever the database fails, is answered as the model says', async () => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
    const records = faultyRecords(createMemoryRecordStore());
    const permissions = new TestPermissions();
    for (const [affair, reason] of Object.entries(AFFAIRS)) {
      for (const provider of ['B2', 'C3']) {
        if (reason !== undefined) permissions.refuse(requestOf('', '', { affair, provider }), reason);
      }
    }
    const mediator = await openMediator({ issuer: world.issuer, records, permissions, now: () => NOON });
    const model = new Model();
    for (const { asked, fault, isBatch } of rounds) {
      const requests = asked.map((one) => {
        const { id, provider, affair, nonDisclosure } = one;
        return requestOf(codeOf(one), `R-${id}`, { provider, affair, nonDisclosure });
      });
      const ask = async () =>
        isBatch
          ? [...(await mediator.mediateBatch(requests))]
          : Promise.all(requests.map((request) => mediator.mediate(request)));
      const fail = (method: string) => {
        if (method === 'append') throw storeFault();
      };
      records.before = fault === 'before' ? fail : () => undefined;
      records.after = fault === 'after' ? fail : () => undefined;
      if (fault !== 'none') {
        await expect(ask()).rejects.toMatchObject({ code: 'STORE_FAULT' });
        if (fault === 'after') for (const one of asked) model.answer(one);
        records.before = () => undefined;
        records.after = () => undefined;
      }
      const expected = asked.map((one) => model.answer(one));
      expect((await ask()).map(told)).toEqual(expected);
    }
    expect(await records.records({ limit: 1_000 })).toHaveLength(model.rows);
    const entries = await entriesOf(records);
    expect(entries.filter(({ event }) => event === 'mediation.code-refused')).toHaveLength(
      model.refusedCodes,
    );
  });
  await fc.assert(property, { numRuns: 60 });
}, 120_000);
