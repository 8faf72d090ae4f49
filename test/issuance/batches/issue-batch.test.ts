import { inspect } from 'node:util';
import {
  createMemoryStore,
  type HeldRows,
  MAX_BATCH_ROWS,
  openIssuer,
  ResidentRecordCode,
  type Vault,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, it } from 'vitest';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const CODE = /^[a-z2-7]{40}$/;
const [TEXT] = syntheticResidentTexts(1, 0, 1) as [string];

let world: SoftwareIssuer;
beforeEach(async () => {
  world = await openSoftwareIssuer();
});

/** A packed request for the residents of a range. */
const request = (count: number, first = 0) => ({
  acquisitionNumbers: acquisitionNumbers(count),
  residents: syntheticResidents(1, first, count),
});

describe('issuing one code', () => {
  it('answers with the acquisition number and the code', async () => {
    const item = await world.issuer.issue('A1', {
      acquisitionNumber: 'REQ-1',
      residentRecordCode: new ResidentRecordCode(TEXT),
    });
    expect(item).toEqual({
      index: 0,
      acquisitionNumber: 'REQ-1',
      status: 'issued',
      code: expect.stringMatching(CODE),
    });
  });

  it('takes and wipes the resident record code: a second use is refused', async () => {
    const residentRecordCode = new ResidentRecordCode(TEXT);
    await world.issuer.issue('A1', { acquisitionNumber: 'REQ-1', residentRecordCode });
    await expect(
      world.issuer.issue('A1', { acquisitionNumber: 'REQ-2', residentRecordCode }),
    ).rejects.toThrow(withCode('RESIDENT_RECORD_CODE_WIPED'));
  });

  it('takes and wipes it even when the call fails', async () => {
    const residentRecordCode = new ResidentRecordCode(TEXT);
    const call = () => world.issuer.issue('Unknown', { acquisitionNumber: 'REQ-1', residentRecordCode });
    await expect(call()).rejects.toThrow(withCode('INSTITUTION_UNKNOWN'));
    await expect(call()).rejects.toThrow(withCode('RESIDENT_RECORD_CODE_WIPED'));
  });

  it('refuses a malformed acquisition number as a value', async () => {
    const residentRecordCode = new ResidentRecordCode(TEXT);
    const item = await world.issuer.issue('A1', { acquisitionNumber: '', residentRecordCode });
    expect(item).toMatchObject({ status: 'refused', error: 'ACQUISITION_NUMBER_INVALID' });
  });

  it.each([
    ['OPTION_INVALID', { acquisitionNumber: 5 }, {}],
    ['OPTION_INVALID', { residentRecordCode: TEXT }, {}],
    ['OPTION_UNKNOWN', { priority: 1 }, {}],
    ['OPTION_UNKNOWN', {}, { force: true }],
    ['OPTION_INVALID', {}, { reissue: 1 }],
    ['OPTION_INVALID', {}, { signal: {} }],
  ] as const)('refuses with %s: %j, options %j', async (code, changes, options) => {
    const residentRecordCode = new ResidentRecordCode(TEXT);
    const single = { acquisitionNumber: 'REQ-1', residentRecordCode, ...changes };
    const error: unknown = await world.issuer
      .issue('A1', single as never, options as never)
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(withCode(code));
    expect(inspect(error)).not.toContain(TEXT);
  });
});

describe('issuing a batch', () => {
  it('answers each request in order, the same for packed residents and for texts', async () => {
    const packed = await world.issuer.issueBatch('A1', request(5));
    const other = await openSoftwareIssuer();
    const texts = await other.issuer.issueBatch('A1', {
      acquisitionNumbers: acquisitionNumbers(5),
      residents: syntheticResidentTexts(1, 0, 5),
    });
    expect([...packed]).toEqual([...texts]);
    expect(
      [...packed].map(({ index, acquisitionNumber, status }) => [index, acquisitionNumber, status]),
    ).toEqual(acquisitionNumbers(5).map((number, index) => [index, number, 'issued']));
    expect(new Set([...packed].map((item) => item.status === 'issued' && item.code)).size).toBe(5);
    expect(packed).toMatchObject({ length: 5, counts: { issued: 5, alreadyIssued: 0, refused: 0 } });
    expect([packed.at(5), packed.at(-1), packed.at(0.5)]).toEqual([undefined, undefined, undefined]);
  });

  it('gives the codes that the vault makes for the institution', async () => {
    const [item] = await world.issuer.issueBatch('A1', request(1));
    const audience = 'institution/A1/1' as never;
    const { codes } = await world.vault.derive(syntheticResidents(1, 0, 1), [audience]);
    const { formatPerInstitutionCode } = await import('renkei');
    expect(item).toMatchObject({ code: formatPerInstitutionCode(codes[0] as Uint8Array, 1) });
  });

  it('命令85 44条2項: answers a repeated request with already-issued and no code', async () => {
    await world.issuer.issueBatch('A1', request(3));
    const again = await world.issuer.issueBatch('A1', request(3));
    expect([...again]).toEqual(
      acquisitionNumbers(3).map((acquisitionNumber, index) => ({
        index,
        acquisitionNumber,
        status: 'already-issued',
      })),
    );
    expect(again.counts).toEqual({ issued: 0, alreadyIssued: 3, refused: 0 });
    expect((await world.store.count()).issuances).toBe(3);
  });

  it('gives the same code again where reissue asks for it', async () => {
    const first = await world.issuer.issueBatch('A1', request(3));
    const again = await world.issuer.issueBatch('A1', request(4), { reissue: true });
    expect([...again].slice(0, 3)).toEqual([...first].map((item) => ({ ...item, status: 'already-issued' })));
    expect(again.at(3)).toMatchObject({ status: 'issued' });
  });

  it('gives two institutions different codes for one person, who is one row', async () => {
    const [a] = await world.issuer.issueBatch('A1', request(1));
    const [b] = await world.issuer.issueBatch('B2', request(1));
    expect([a?.status, b?.status]).toEqual(['issued', 'issued']);
    expect(a).not.toEqual(b);
    expect(await world.store.count()).toMatchObject({ persons: 1, issuances: 2 });
  });

  it('issues to the first of two requests for one resident in a batch', async () => {
    const [resident] = syntheticResidentTexts(1, 0, 1) as [string];
    const residents = [resident, ...syntheticResidentTexts(1, 5, 1), resident];
    const result = await world.issuer.issueBatch(
      'A1',
      { acquisitionNumbers: acquisitionNumbers(3), residents },
      { reissue: true },
    );
    const [first, second, third] = [...result];
    expect([first?.status, second?.status, third?.status]).toEqual(['issued', 'issued', 'already-issued']);
    expect(third).toMatchObject({ code: (first as { code: string }).code });
    expect(await world.store.count()).toMatchObject({ persons: 2, issuances: 2 });
  });

  it('stores at the time of the clock', async () => {
    const store = standIn(createMemoryStore());
    const { issuer } = await openSoftwareIssuer({ store: store.object, now: () => 1_234 });
    await issuer.issueBatch('A1', request(1));
    expect(store.calls).toContain('issue');
    expect((await store.object.listKeys()).every(({ registeredAt }) => registeredAt === 1_234)).toBe(true);
  });
});

describe('malformed items of a batch', () => {
  const [good0, good1, good2] = syntheticResidentTexts(1, 0, 3) as [string, string, string];
  const badDigit = `${good0.slice(0, 10)}${(Number(good0[10]) + 1) % 10}`;

  it.each([
    ['RESIDENT_RECORD_CODE_LENGTH', good0.slice(1)],
    ['RESIDENT_RECORD_CODE_LENGTH', ''],
    ['RESIDENT_RECORD_CODE_LENGTH', `${good0}00`],
    ['RESIDENT_RECORD_CODE_LENGTH', 'ABCDEFGHIJKL'],
    ['INDIVIDUAL_NUMBER_REFUSED', '123456789018'],
    ['RESIDENT_RECORD_CODE_CHARACTER', `${good0.slice(0, 10)}x`],
    [
      'RESIDENT_RECORD_CODE_CHARACTER',
      [...good0].map((digit) => String.fromCharCode(0xff10 + Number(digit))).join(''),
    ],
    ['RESIDENT_RECORD_CODE_CHARACTER', 5],
    ['RESIDENT_RECORD_CODE_CHECK_DIGIT', badDigit],
  ] as const)('text: %s is named by its index, the others are served', async (error, text) => {
    const result = await world.issuer.issueBatch('A1', {
      acquisitionNumbers: ['N0', 'N1', 'N2'],
      residents: [good1, text as string, good2],
    });
    expect(result.at(1)).toEqual({ index: 1, acquisitionNumber: 'N1', status: 'refused', error });
    expect([result.at(0)?.status, result.at(2)?.status]).toEqual(['issued', 'issued']);
    expect(result.counts).toEqual({ issued: 2, alreadyIssued: 0, refused: 1 });
    expect((await world.store.count()).persons).toBe(2);
  });

  it.each([
    ['RESIDENT_RECORD_CODE_CHARACTER', (residents: Uint8Array) => residents.fill(0, 11, 22)],
    ['RESIDENT_RECORD_CODE_CHARACTER', (residents: Uint8Array) => residents.fill(0x3a, 15, 16)],
    [
      'RESIDENT_RECORD_CODE_CHECK_DIGIT',
      (residents: Uint8Array) => residents.fill(residents[21] === 0x30 ? 0x31 : 0x30, 21, 22),
    ],
  ] as const)('packed: %s is named by its index, the others are served', async (error, spoil) => {
    const batch = request(3);
    spoil(batch.residents);
    const result = await world.issuer.issueBatch('A1', batch);
    expect([...result].map((item) => (item.status === 'refused' ? item.error : item.status))).toEqual([
      'issued',
      error,
      'issued',
    ]);
    expect(batch.residents).toEqual(new Uint8Array(33));
  });

  it.each([
    ['ACQUISITION_NUMBER_INVALID', ''],
    ['ACQUISITION_NUMBER_INVALID', 'a'.repeat(65)],
    ['ACQUISITION_NUMBER_INVALID', 'with space'],
    ['ACQUISITION_NUMBER_INVALID', '取得番号'],
    ['ACQUISITION_NUMBER_INVALID', undefined],
    ['ACQUISITION_NUMBER_FORBIDDEN', '12345678901'],
    ['ACQUISITION_NUMBER_FORBIDDEN', '123456789012'],
    ['ACQUISITION_NUMBER_REPEATED', 'A-0'],
  ] as const)('acquisition number: %s, %j', async (error, number) => {
    const batch = request(3);
    batch.acquisitionNumbers[1] = number as string;
    const result = await world.issuer.issueBatch('A1', batch);
    expect([...result].map((item) => (item.status === 'refused' ? item.error : item.status))).toEqual([
      'issued',
      error,
      'issued',
    ]);
    expect(await world.store.count()).toMatchObject({ persons: 2, issuances: 2 });
    expect(batch.residents).toEqual(new Uint8Array(33));
  });

  it('names an item by its index also where the batch has a hole', async () => {
    const residents = new Array<string>(2);
    residents[1] = good1;
    const holes = new Array<string>(2);
    holes[1] = 'N1';
    const result = await world.issuer.issueBatch('A1', { acquisitionNumbers: ['N0', 'N1'], residents });
    expect(result.at(0)).toMatchObject({ status: 'refused', error: 'RESIDENT_RECORD_CODE_CHARACTER' });
    const other = await world.issuer.issueBatch('B2', {
      acquisitionNumbers: holes,
      residents: [good0, good1],
    });
    expect(other.at(0)).toMatchObject({ status: 'refused', error: 'ACQUISITION_NUMBER_INVALID' });
    expect([result.at(1)?.status, other.at(1)?.status]).toEqual(['issued', 'issued']);
  });

  it('serves a resident whose other request is refused for its acquisition number', async () => {
    const residents = [good0, good0];
    const result = await world.issuer.issueBatch('A1', {
      acquisitionNumbers: ['12345678901', 'N1'],
      residents,
    });
    expect([...result].map(({ status }) => status)).toEqual(['refused', 'issued']);
  });

  it('takes acquisition numbers of 10 and 13 digits, which are neither kind of number', async () => {
    const batch = { ...request(2), acquisitionNumbers: ['1234567890', '1234567890123'] };
    expect((await world.issuer.issueBatch('A1', batch)).counts.issued).toBe(2);
  });

  it('serves a batch in which every item is refused without asking the store for a row', async () => {
    const store = standIn(world.store);
    const issuer = await openIssuer({ vault: world.vault, store: store.object });
    await issuer.registerInstitution('A1');
    store.calls.length = 0;
    const result = await issuer.issueBatch('A1', { acquisitionNumbers: ['N0', 'N1'], residents: ['x', 'y'] });
    expect(store.calls).toEqual(['outlook']);
    expect(result.counts).toEqual({ issued: 0, alreadyIssued: 0, refused: 2 });
  });
});

describe('a batch that is malformed as a whole', () => {
  it.each([
    ['BUFFER_LENGTH', 2, new Uint8Array(23)],
    ['BUFFER_LENGTH', 1, new Uint8Array(22)],
    ['BUFFER_LENGTH', 3, new Uint8Array(22)],
    ['BUFFER_LENGTH', 2, [TEXT]],
    ['OPTION_INVALID', 1, TEXT],
    ['OPTION_INVALID', 1, undefined],
    ['BATCH_TOO_LARGE', MAX_BATCH_ROWS + 1, new Uint8Array((MAX_BATCH_ROWS + 1) * 11)],
  ] as const)('fails with %s and changes nothing: %d numbers', async (code, count, residents) => {
    const call = world.issuer.issueBatch('A1', {
      acquisitionNumbers: acquisitionNumbers(count),
      residents: residents as Uint8Array,
    });
    await expect(call).rejects.toThrow(withCode(code));
    expect((await world.store.count()).issuances).toBe(0);
  });

  it('is refused before a text of it is read: nothing of it is left in a buffer that nobody wipes', async () => {
    let read = 0;
    const residents = Object.defineProperty([TEXT, TEXT], 0, {
      get: () => {
        read++;
        return TEXT;
      },
    });
    const call = (count: number) =>
      world.issuer.issueBatch('A1', { acquisitionNumbers: acquisitionNumbers(count), residents });
    await expect(call(1)).rejects.toThrow(withCode('BUFFER_LENGTH'));
    expect(read).toBe(0);
    await call(2);
    expect(read).toBeGreaterThan(0);
  });

  it.each([
    ['acquisition numbers that are no array', { acquisitionNumbers: 'A-0', residents: [TEXT] }],
    ['no request at all', undefined],
    ['null', null],
    ['a text', TEXT],
  ])('fails with OPTION_INVALID: %s', async (_, malformed) => {
    await expect(world.issuer.issueBatch('A1', malformed as never)).rejects.toThrow(
      withCode('OPTION_INVALID'),
    );
  });
});

describe('a store that leaves rows out of its answer', () => {
  const leavingOut = (method: 'issue' | 'lookUp') =>
    new Proxy(world.store, {
      get(store, name) {
        const own: unknown = Reflect.get(store, name, store);
        if (typeof own !== 'function') return own;
        return async (...given: unknown[]) => {
          const answer: unknown = await own.apply(store, given);
          if (name !== method) return answer;
          const { versions, canonical } = answer as HeldRows;
          return { versions: versions.subarray(1), canonical };
        };
      },
    });

  it.each([1, 3])('is not believed when it issues: %d rows', async (rows) => {
    const issuer = await openIssuer({ vault: world.vault, store: leavingOut('issue') });
    await expect(issuer.issueBatch('A1', request(rows))).rejects.toThrow(withCode('STORE_CORRUPT'));
  });

  it('is not believed when it looks up: no code passes for issued', async () => {
    const result = await world.issuer.issueBatch('A1', request(2));
    const texts = [...result].map((item) => (item.status === 'issued' ? item.code : ''));
    const issuer = await openIssuer({ vault: world.vault, store: leavingOut('lookUp') });
    await expect(issuer.translate(texts, { from: 'A1', to: 'B2' })).rejects.toThrow(
      withCode('STORE_CORRUPT'),
    );
  });
});

describe('packed residents', () => {
  const outcomes: Record<string, (residents: Uint8Array) => Promise<unknown>> = {
    success: (residents) => issue({ residents }),
    'an unknown institution': (residents) => issue({ residents }, 'Unknown'),
    'a malformed institution': (residents) => issue({ residents }, '?'),
    'lengths that differ': (residents) => issue({ residents, acquisitionNumbers: [] }),
    'no acquisition numbers': (residents) => issue({ residents, acquisitionNumbers: undefined as never }),
    'a wrong option': (residents) => issue({ residents }, 'A1', { no: 1 }),
    'an abort before the call': (residents) => issue({ residents }, 'A1', { signal: AbortSignal.abort() }),
    'a vault that fails': async (residents) => {
      const vault = standIn(world.vault);
      const issuer = await openIssuer({ vault: vault.object, store: world.store });
      vault.fail(new Error('no vault'));
      return issuer.issueBatch('A1', { acquisitionNumbers: acquisitionNumbers(4), residents });
    },
    'a store that fails': async (residents) => {
      const store = standIn(world.store);
      const issuer = await openIssuer({ vault: world.vault, store: store.object });
      store.fail(new Error('no store'));
      return issuer.issueBatch('A1', { acquisitionNumbers: acquisitionNumbers(4), residents });
    },
    'a closed issuer': async (residents) => {
      await world.issuer.close();
      return issue({ residents });
    },
    'a closed vault': async (residents) => {
      await world.vault.close();
      return issue({ residents });
    },
  };

  function issue(parts: object, institution = 'A1', options: object = {}): Promise<unknown> {
    const batch = { acquisitionNumbers: acquisitionNumbers(4), residents: new Uint8Array(0), ...parts };
    return world.issuer.issueBatch(institution, batch, options);
  }

  it.each(Object.keys(outcomes))('are wiped: %s', async (name) => {
    const residents = syntheticResidents(1, 0, 4);
    const settled = await (outcomes[name] as (typeof outcomes)[string])(residents).then(
      () => 'success',
      () => 'failure',
    );
    expect(settled).toBe(name === 'success' ? 'success' : 'failure');
    expect(residents).toEqual(new Uint8Array(44));
  });
});

describe('residents given as texts', () => {
  it('are packed into bytes that are wiped even when the vault fails before it wipes them', async () => {
    let packed = new Uint8Array(0);
    const derive: Vault['derive'] = async (residents) => {
      packed = residents as Uint8Array<ArrayBuffer>;
      expect(Buffer.from(packed).toString('latin1')).toBe(TEXT);
      throw new Error('no vault');
    };
    const vault = { derive, fingerprint: world.vault.fingerprint.bind(world.vault) } as Vault;
    const issuer = await openIssuer({ vault, store: world.store });
    const call = issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [TEXT] });
    await expect(call).rejects.toThrow('no vault');
    expect(packed).toEqual(new Uint8Array(11));
  });
});

describe('an empty batch', () => {
  it('is legal and touches neither the vault nor the store', async () => {
    const vault = standIn(await openSoftwareVault({ keys: testKeys(KEY_NAMES) }));
    const store = standIn(createMemoryStore());
    const { issuer } = await openSoftwareIssuer({ vault: vault.object, store: store.object });
    vault.fail(new Error('touched the vault'));
    store.fail(new Error('touched the store'));
    for (const residents of [new Uint8Array(0), []]) {
      const result = await issuer.issueBatch('A1', { acquisitionNumbers: [], residents });
      expect([...result]).toEqual([]);
      expect(result.counts).toEqual({ issued: 0, alreadyIssued: 0, refused: 0 });
    }
    expect([...(await issuer.translate([], { from: 'A1', to: 'B2' }))]).toEqual([]);
    expect(await issuer.recordCodes([], { from: 'A1' })).toEqual({ codes: new Uint8Array(0), refusals: [] });
    for await (const result of issuer.issueAll('A1', [{ acquisitionNumbers: [], residents: [] }])) {
      expect(result.length).toBe(0);
    }
    for await (const _ of issuer.issueAll('A1', [])) expect.unreachable();
  });
});

describe('giving up on a batch', () => {
  it('before it is stored stores nothing', async () => {
    const store = standIn(world.store);
    const controller = new AbortController();
    const vault = standIn(world.vault);
    const issuer = await openIssuer({ vault: vault.object, store: store.object });
    const running = issuer.issueBatch('A1', request(2_000), { signal: controller.signal });
    while (!vault.calls.includes('derive')) await new Promise(setImmediate);
    controller.abort();
    await expect(running).rejects.toThrow(withCode('ABORTED', { retryable: true }));
    expect((await world.store.count()).issuances).toBe(0);
    expect(store.calls).not.toContain('issue');
  });
});

describe('giving up after the codes are computed', () => {
  it('stores nothing', async () => {
    const controller = new AbortController();
    const derive: Vault['derive'] = async (residents, audiences, { generation = 1 } = {}) => {
      const codes = await world.vault.derive(residents, audiences, { generation });
      controller.abort();
      return codes;
    };
    const vault = { derive, fingerprint: world.vault.fingerprint.bind(world.vault) } as Vault;
    const issuer = await openIssuer({ vault, store: world.store });
    await expect(issuer.issueBatch('A1', request(3), { signal: controller.signal })).rejects.toThrow(
      withCode('ABORTED'),
    );
    expect((await world.store.count()).issuances).toBe(0);
  });
});

describe('the result of a batch', () => {
  it('is redacted in every rendering', async () => {
    const result = await world.issuer.issueBatch('A1', request(2));
    const rendered = [
      String(result),
      JSON.stringify(result),
      `${result}`,
      inspect(result, { showHidden: true, depth: null }),
    ];
    for (const text of rendered) expect(text.replaceAll('"', '')).toBe('[IssuanceResult: redacted]');
    expect(JSON.stringify({ deep: [result] })).toBe('{"deep":["[IssuanceResult: redacted]"]}');
  });
});
