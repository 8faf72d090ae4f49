import { inspect } from 'node:util';
import {
  type Assurance,
  type Audience,
  type KeyName,
  linkKey,
  recordAudience,
  storeAudience,
  type Vault,
} from 'renkei';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeySet, referenceCode, referenceFingerprint } from '../support/reference.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import {
  AAA,
  AAA_2,
  BBB,
  KEY_NAMES,
  LINKS,
  RECORD,
  STORE,
  STORE_2,
  TEST_KEYS,
} from '../support/test-keys.js';
import { withCode } from '../support/with-code.js';

/** One vault the contract is run against. It must hold the test keys, all of them. */
export interface VaultUnderTest {
  readonly name: string;
  readonly open: () => Promise<Vault>;
  /** True when the vault carries codes to the next generation; a sealed one refuses. */
  readonly advances: boolean;
  readonly assurance: Pick<Assurance, 'level' | 'name' | 'basis'>;
  /** Rows that keep this vault busy long enough to be aborted half-way. */
  readonly longBatch: number;
}

const EVERYBODY = [STORE, STORE_2, AAA, AAA_2, BBB, RECORD];
const UNKNOWN = storeAudience(255);
/** More than one message to a worker, so that what is found has to be put together. */
const ROWS = 600;

const packed = (...texts: readonly string[]) =>
  Uint8Array.from(texts.join(''), (letter) => letter.charCodeAt(0));
const row = (codes: Uint8Array | undefined, index: number) => codes?.slice(24 * index, 24 * (index + 1));
const isBlank = (bytes: Uint8Array | undefined) => bytes?.every((byte) => byte === 0);

/** Codes at one audience, one row a resident, by the reference. */
function expected(
  texts: readonly string[],
  audience: KeyName,
  generation = 1,
  keys: KeySet = TEST_KEYS,
): Uint8Array {
  const codes = new Uint8Array(24 * texts.length);
  texts.forEach((text, k) => {
    codes.set(referenceCode(keys, text, audience, generation), 24 * k);
  });
  return codes;
}

/** What every vault must do, in the terms of `src/vault/port.ts`. */
export function vaultContract({ name, open, advances, assurance, longBatch }: VaultUnderTest): void {
  describe(`vault contract: ${name}`, () => {
    let vault: Vault;
    const texts = syntheticResidentTexts(7, 0, ROWS);
    const residents = () => syntheticResidents(7, 0, ROWS);

    beforeAll(async () => {
      vault = await open();
    });
    afterAll(async () => {
      await vault.close();
    });

    describe('derive', () => {
      it.each([1, 2, 3])(
        'gives the codes of generation %i, the same as the reference',
        async (generation) => {
          const { codes, refusals } = await vault.derive(residents(), EVERYBODY, { generation });
          expect(refusals).toEqual([]);
          expect(codes).toEqual(EVERYBODY.map((audience) => expected(texts, audience, generation)));
        },
      );

      it('takes generation 1 where none is given', async () => {
        const { codes } = await vault.derive(packed('24727059608'), [BBB]);
        expect(codes).toEqual([expected(['24727059608'], BBB)]);
      });

      it('keeps the order of the audiences, and serves one that is asked for twice', async () => {
        const { codes } = await vault.derive(packed('24727059608'), [BBB, STORE, BBB]);
        expect(codes).toEqual([BBB, STORE, BBB].map((audience) => expected(['24727059608'], audience)));
      });

      it('gives no codes for no audience, and still names the refused', async () => {
        const answer = await vault.derive(packed('24727059608', '24727059607'), []);
        expect(answer).toEqual({
          codes: [],
          refusals: [{ index: 1, code: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' }],
        });
      });

      it('names every malformed row by index and code, blanks its codes and serves the others', async () => {
        const batch = residents();
        const bad = new Map([
          [0, packed('24727059607')],
          [255, packed('2472705960x')],
          [256, new Uint8Array(11)],
          [257, packed('\xff4727059608')],
          [599, packed('00000000001')],
        ]);
        for (const [index, bytes] of bad) batch.set(bytes, 11 * index);
        const { codes, refusals } = await vault.derive(batch, [STORE, AAA]);
        expect(refusals).toEqual([
          { index: 0, code: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' },
          { index: 255, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
          { index: 256, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
          { index: 257, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
          { index: 599, code: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' },
        ]);
        for (const [k, audience] of [STORE, AAA].entries()) {
          const wanted = expected(texts, audience);
          for (const index of bad.keys()) wanted.fill(0, 24 * index, 24 * (index + 1));
          expect(codes[k]).toEqual(wanted);
        }
      });
    });

    describe('derive wipes the residents it is given', () => {
      it.each<[string, (batch: Uint8Array) => Promise<unknown>, string | undefined]>([
        ['when it succeeds', (batch) => vault.derive(batch, [STORE]), undefined],
        ['when there is no audience', (batch) => vault.derive(batch, []), undefined],
        ['when a key is missing', (batch) => vault.derive(batch, [UNKNOWN]), 'KEY_NOT_FOUND'],
        [
          'when a link key is missing',
          (batch) => vault.derive(batch, [STORE], { generation: 255 }),
          'KEY_NOT_FOUND',
        ],
        [
          'when an audience is none',
          (batch) => vault.derive(batch, ['store/x' as Audience]),
          'KEY_NAME_INVALID',
        ],
        [
          'when the audiences are none',
          (batch) => vault.derive(batch, undefined as never),
          'KEY_NAME_INVALID',
        ],
        [
          'when an option is unknown',
          (batch) => vault.derive(batch, [STORE], { sgnal: 1 } as never),
          'OPTION_UNKNOWN',
        ],
        [
          'when the options are none',
          (batch) => vault.derive(batch, [STORE], null as never),
          'OPTION_INVALID',
        ],
        [
          'when the generation is none',
          (batch) => vault.derive(batch, [STORE], { generation: 0 }),
          'GENERATION_INVALID',
        ],
        [
          'when it is aborted before it begins',
          (batch) => vault.derive(batch, [STORE], { signal: AbortSignal.abort() }),
          'ABORTED',
        ],
      ])('%s', async (_, call, code) => {
        const batch = packed('24727059608', '12345678903');
        if (code === undefined) await call(batch);
        else await expect(call(batch)).rejects.toMatchObject({ code });
        expect([...batch]).toEqual(new Array(22).fill(0));
      });

      it('when rows are refused: those rows too', async () => {
        const batch = packed('24727059607', '12345678903', 'xxxxxxxxxxx');
        await vault.derive(batch, [STORE]);
        expect([...batch]).toEqual(new Array(33).fill(0));
      });

      it('when their length is wrong', async () => {
        const batch = packed('24727059608', '1234');
        await expect(vault.derive(batch, [STORE])).rejects.toThrow(withCode('BUFFER_LENGTH'));
        expect([...batch]).toEqual(new Array(15).fill(0));
      });

      it('in a view on a larger buffer, whose rest it leaves alone', async () => {
        const whole = packed('left-alone-', '24727059608', '12345678903', '-left-alone');
        const { codes } = await vault.derive(whole.subarray(11, 33), [AAA]);
        expect(codes).toEqual([expected(['24727059608', '12345678903'], AAA)]);
        expect(Buffer.from(whole).toString('latin1')).toBe(`left-alone-${'\0'.repeat(22)}-left-alone`);
      });

      it('when it is aborted half-way; then it hands out nothing, and the vault works on', async () => {
        const batch = syntheticResidents(8, 0, longBatch);
        const controller = new AbortController();
        const call = vault.derive(batch, [STORE, AAA], { signal: controller.signal });
        await new Promise(setImmediate);
        controller.abort(new Error('reason of the caller'));
        await expect(call).rejects.toThrow(withCode('ABORTED', { retryable: true }));
        expect(isBlank(batch)).toBe(true);
        const again = await vault.derive(packed('24727059608'), [AAA]);
        expect(again.codes).toEqual([expected(['24727059608'], AAA)]);
      });
    });

    describe('translate', () => {
      it.each([
        ['the store to everybody', STORE, EVERYBODY],
        ['an institution to the store', AAA, [STORE]],
        ['an institution to another', AAA, [BBB]],
        ['an older version of a key to a newer', AAA, [AAA_2]],
        ['a newer version of a key to an older', AAA_2, [AAA]],
        ['an institution to a record period', BBB, [RECORD]],
      ] as const)('%s', async (_, from, to) => {
        const codes = expected(texts, from);
        const answer = await vault.translate(codes, from, to);
        expect(answer).toEqual({ codes: to.map((audience) => expected(texts, audience)), refusals: [] });
        expect(codes).toEqual(expected(texts, from));
      });

      it('keeps the generation the codes carry', async () => {
        const { codes } = await vault.translate(expected(texts, AAA, 3), AAA, [BBB]);
        expect(codes).toEqual([expected(texts, BBB, 3)]);
      });

      it('refuses forged codes and those of others by index, blanks their rows and serves the others', async () => {
        const codes = expected(texts, AAA);
        const [someone = ''] = texts;
        const bad = new Map([
          [1, (row(codes, 1) as Uint8Array).map((byte, k) => (k === 0 ? byte ^ 0x80 : byte))],
          [2, (row(codes, 2) as Uint8Array).map((byte, k) => (k === 23 ? byte ^ 1 : byte))],
          [3, new Uint8Array(24)],
          [255, referenceCode(TEST_KEYS, someone, BBB)],
          [256, referenceCode(TEST_KEYS, someone, AAA_2)],
          [257, referenceCode(TEST_KEYS, someone, STORE)],
          [599, referenceCode(TEST_KEYS, someone, RECORD)],
        ]);
        for (const [index, code] of bad) codes.set(code, 24 * index);
        const answer = await vault.translate(codes, AAA, [STORE, BBB]);
        expect(answer.refusals).toEqual([...bad.keys()].map((index) => ({ index, code: 'CODE_FORGED' })));
        for (const [k, audience] of [STORE, BBB].entries()) {
          const wanted = expected(texts, audience);
          for (const index of bad.keys()) wanted.fill(0, 24 * index, 24 * (index + 1));
          expect(answer.codes[k]).toEqual(wanted);
        }
      });

      it('refuses a code cut out of two: shifted rows are forged', async () => {
        const shifted = expected(texts, AAA).subarray(8, 8 + 24 * 10);
        const { refusals } = await vault.translate(shifted, AAA, [STORE]);
        expect(refusals.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      });

      it('refuses a record code: a record key wraps and never unwraps', async () => {
        const call = vault.translate(expected(texts, RECORD), RECORD as never, [STORE]);
        await expect(call).rejects.toThrow(withCode('KEY_USAGE'));
      });

      it('gives up when it is aborted, before and half-way', async () => {
        const before = vault.translate(expected(texts, AAA), AAA, [STORE], { signal: AbortSignal.abort() });
        await expect(before).rejects.toThrow(withCode('ABORTED'));
        const { codes } = await vault.derive(syntheticResidents(8, 0, longBatch), [AAA]);
        const controller = new AbortController();
        const call = vault.translate(codes[0] as Uint8Array, AAA, [STORE], { signal: controller.signal });
        await new Promise(setImmediate);
        controller.abort();
        await expect(call).rejects.toThrow(withCode('ABORTED'));
        const again = await vault.translate(expected(texts, AAA), AAA, [STORE]);
        expect(again.codes).toEqual([expected(texts, STORE)]);
      });
    });

    describe('advance', () => {
      if (advances) {
        it.each([2, 3])('carries codes to generation %i', async (generation) => {
          const answer = await vault.advance(expected(texts, STORE, generation - 1), STORE, generation, [
            STORE_2,
            AAA,
          ]);
          expect(answer).toEqual({
            codes: [expected(texts, STORE_2, generation), expected(texts, AAA, generation)],
            refusals: [],
          });
        });

        it('refuses forged codes by index and serves the others', async () => {
          const codes = expected(texts, STORE);
          codes.set(referenceCode(TEST_KEYS, '24727059608', AAA), 24 * 300);
          const answer = await vault.advance(codes, STORE, 2, [AAA]);
          expect(answer.refusals).toEqual([{ index: 300, code: 'CODE_FORGED' }]);
          const wanted = expected(texts, AAA, 2);
          wanted.fill(0, 24 * 300, 24 * 301);
          expect(answer.codes).toEqual([wanted]);
        });

        it('refuses a record code, and a link key that is missing', async () => {
          const codes = expected(texts, RECORD);
          await expect(vault.advance(codes, RECORD as never, 2, [AAA])).rejects.toThrow(
            withCode('KEY_USAGE'),
          );
          await expect(vault.advance(expected(texts, AAA), AAA, 255, [AAA])).rejects.toThrow(
            withCode('KEY_NOT_FOUND'),
          );
        });
      } else {
        it('is refused: the host would see the superseded linkage codes', async () => {
          const call = vault.advance(expected(texts, STORE), STORE, 2, [STORE]);
          await expect(call).rejects.toThrow(withCode('ENGINE_REFUSED'));
        });
      }

      it.each([1, 0, 256, 1.5])('does not lead to generation %s', async (generation) => {
        const call = vault.advance(expected(texts, STORE), STORE, generation, [STORE]);
        await expect(call).rejects.toThrow(withCode('GENERATION_INVALID'));
      });
    });

    describe('fingerprint', () => {
      it.each(KEY_NAMES)('of %s is that of the reference', async (key) => {
        expect(await vault.fingerprint(key)).toBe(referenceFingerprint(TEST_KEYS, key));
      });

      it('of a key that is not there, or of no key name, is refused', async () => {
        await expect(vault.fingerprint(UNKNOWN)).rejects.toThrow(
          withCode('KEY_NOT_FOUND', { message: /store\/255/ }),
        );
        await expect(vault.fingerprint('store/01' as KeyName)).rejects.toThrow(withCode('KEY_NAME_INVALID'));
      });
    });

    describe('an empty batch is legal and touches nothing', () => {
      it('not even keys that are not there', async () => {
        const none = () => new Uint8Array(0);
        const answer = { codes: [none(), none()], refusals: [] };
        expect(await vault.derive(none(), [STORE, UNKNOWN], { generation: 255 })).toEqual(answer);
        expect(await vault.translate(none(), UNKNOWN, [STORE, UNKNOWN])).toEqual(answer);
        if (advances) expect(await vault.advance(none(), UNKNOWN, 255, [STORE, UNKNOWN])).toEqual(answer);
      });
    });

    describe('a malformed call is refused as a whole, by a rejection and never by a throw', () => {
      it.each<[string, string, () => Promise<unknown>]>([
        ['residents of 12 bytes', 'BUFFER_LENGTH', () => vault.derive(new Uint8Array(12), [STORE])],
        ['residents that are none', 'BUFFER_LENGTH', () => vault.derive(undefined as never, [STORE])],
        ['residents as a text', 'BUFFER_LENGTH', () => vault.derive('24727059608' as never, [STORE])],
        ['a truncated code', 'BUFFER_LENGTH', () => vault.translate(new Uint8Array(23), AAA, [STORE])],
        ['codes that are none', 'BUFFER_LENGTH', () => vault.translate(null as never, AAA, [STORE])],
        ['a code too long', 'BUFFER_LENGTH', () => vault.advance(new Uint8Array(25), AAA, 2, [STORE])],
        [
          'a link key as audience',
          'KEY_NAME_INVALID',
          () => vault.derive(packed('24727059608'), [LINKS[0] as never]),
        ],
        [
          'a link key to come from',
          'KEY_NAME_INVALID',
          () => vault.translate(new Uint8Array(24), LINKS[0] as never, [STORE]),
        ],
        [
          'a name that is not canonical',
          'KEY_NAME_INVALID',
          () => vault.translate(new Uint8Array(24), 'store/01' as never, [STORE]),
        ],
        [
          'audiences that are no array',
          'KEY_NAME_INVALID',
          () => vault.translate(new Uint8Array(24), AAA, STORE as never),
        ],
        [
          'an unknown option',
          'OPTION_UNKNOWN',
          () => vault.translate(new Uint8Array(24), AAA, [STORE], { abort: 1 } as never),
        ],
        [
          'an option of another call',
          'OPTION_UNKNOWN',
          () => vault.translate(new Uint8Array(24), AAA, [STORE], { generation: 1 } as never),
        ],
        [
          'an unknown option of advance',
          'OPTION_UNKNOWN',
          () => vault.advance(new Uint8Array(24), AAA, 2, [STORE], { abort: 1 } as never),
        ],
        [
          'a signal that is none',
          'OPTION_INVALID',
          () => vault.translate(new Uint8Array(24), AAA, [STORE], { signal: {} as never }),
        ],
        [
          'generation 256',
          'GENERATION_INVALID',
          () => vault.derive(packed('24727059608'), [STORE], { generation: 256 }),
        ],
        [
          'a missing key to come from',
          'KEY_NOT_FOUND',
          () => vault.translate(new Uint8Array(24), UNKNOWN, [STORE]),
        ],
        [
          'a missing key to go to',
          'KEY_NOT_FOUND',
          () => vault.translate(expected(texts, AAA), AAA, [recordAudience('1')]),
        ],
      ])('%s: %s', async (_, code, call) => {
        const promise = call();
        expect(promise).toBeInstanceOf(Promise);
        await expect(promise).rejects.toMatchObject({ name: 'RenkeiError', code, retryable: false });
      });
    });

    it('serves calls that are made at once, each with its own answer', async () => {
      const calls = Array.from({ length: 12 }, async (_, k) => {
        const people = syntheticResidentTexts(9, 1000 * k, 300);
        const generation = 1 + (k % 3);
        const derived = await vault.derive(syntheticResidents(9, 1000 * k, 300), [AAA], { generation });
        expect(derived.codes).toEqual([expected(people, AAA, generation)]);
        const translated = await vault.translate(derived.codes[0] as Uint8Array, AAA, [BBB, STORE]);
        expect(translated.codes).toEqual([
          expected(people, BBB, generation),
          expected(people, STORE, generation),
        ]);
      });
      await Promise.all(calls);
    });

    it('refuses unknown options of a fingerprint and of the assurance, and gives up when it is aborted', async () => {
      const unknown = { timeout: 5 } as never;
      await expect(vault.fingerprint(AAA, unknown)).rejects.toThrow(withCode('OPTION_UNKNOWN'));
      await expect(vault.assurance(unknown)).rejects.toThrow(withCode('OPTION_UNKNOWN'));
      const signal = AbortSignal.abort();
      await expect(vault.fingerprint(AAA, { signal })).rejects.toThrow(withCode('ABORTED'));
      await expect(vault.assurance({ signal })).rejects.toThrow(withCode('ABORTED'));
    });

    it('says what its assurance is', async () => {
      await vault.derive(packed('24727059608'), [AAA]);
      const stated = await vault.assurance();
      expect(stated).toMatchObject(assurance);
      const ofHsm = advances ? 'bulk' : 'sealed';
      expect(vault.health().engines).toEqual([stated.basis === 'process-memory' ? 'software' : ofHsm]);
      expect(stated.keys).toEqual(
        expect.arrayContaining(
          [linkKey(1), AAA].map((key) => expect.objectContaining({ name: key, level: expect.any(Number) })),
        ),
      );
    });

    it('shows nothing of itself in any rendering', () => {
      for (const shown of [
        `${vault}`,
        JSON.stringify(vault).slice(1, -1),
        inspect(vault, { showHidden: true, depth: null }),
      ]) {
        expect(shown).toMatch(/^\[\w+: redacted\]$/);
      }
    });

    describe('close', () => {
      it('lets the running calls end, refuses new ones with VAULT_CLOSED, and may be called twice', async () => {
        const closing = await open();
        const running = Array.from({ length: 4 }, () => closing.derive(residents(), [AAA, STORE]));
        const closed = closing.close();
        const late = packed('24727059608');
        await expect(closing.derive(late, [AAA])).rejects.toThrow(
          withCode('VAULT_CLOSED', { retryable: false }),
        );
        expect(isBlank(late)).toBe(true);
        for (const { codes } of await Promise.all(running)) {
          expect(codes).toEqual([expected(texts, AAA), expected(texts, STORE)]);
        }
        await closed;
        await closing.close();
        await closing[Symbol.asyncDispose]();
        const codes = expected(texts, AAA);
        await expect(closing.translate(codes, AAA, [STORE])).rejects.toThrow(withCode('VAULT_CLOSED'));
        await expect(closing.advance(codes, AAA, 2, [STORE])).rejects.toThrow(withCode('VAULT_CLOSED'));
        await expect(closing.fingerprint(AAA)).rejects.toThrow(withCode('VAULT_CLOSED'));
        await expect(closing.assurance()).rejects.toThrow(withCode('VAULT_CLOSED'));
      });

      it('leaves another vault on the same keys working', async () => {
        const { codes } = await vault.derive(packed('24727059608'), [AAA]);
        expect(codes).toEqual([expected(['24727059608'], AAA)]);
      });

      it('happens at the end of a block that awaits using it', async () => {
        let kept: Vault;
        {
          await using scoped = await open();
          kept = scoped;
          expect(await scoped.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
        }
        await expect(kept.fingerprint(AAA)).rejects.toThrow(withCode('VAULT_CLOSED'));
      });
    });
  });
}
