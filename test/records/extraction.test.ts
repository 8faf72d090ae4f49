import { readdir, readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { checkRecords, createMemoryRecordStore, RenkeiError } from 'renkei';
import {
  type ExtractedContent,
  type ExtractionFilter,
  type ExtractRecordsOptions,
  extractRecords,
  openExtraction,
} from 'renkei/extraction';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { publicKeyFingerprint } from '../../src/signatures/p256.js';
import { signedMessage } from '../../src/signatures/signed-message.js';
import {
  addBranch,
  contentOf,
  IN_2026,
  institution,
  loggedEntries,
  ON_BEHALF,
  openRecordWorld,
  type RecordWorld,
  recordAbout,
} from '../support/record-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { standIn } from '../support/stand-in.js';

const DAY = 86_400_000;
const { path } = makeScratchFolder();
let identity: string;
let recipient: string;
let world: RecordWorld;
let publicKey: Uint8Array;

beforeAll(async () => {
  identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  world = await openRecordWorld();
  publicKey = await world.vault.publicKey('audit/1' as never);
  const [person, other] = world.shown;
  await recordAbout(world, person, [{}, { nonDisclosure: true }]);
  await recordAbout(world, other, [{ inquirer: institution('B2'), provider: institution('A1') }]);
  await recordAbout(world, other, [{ requestedAt: IN_2026 + DAY }], { period: '2027' });
  await addBranch(world, 1, { providedAt: IN_2026 + 1 });
});

function options(name: string, change: Partial<ExtractRecordsOptions> = {}): ExtractRecordsOptions {
  const { file: store, vault } = world;
  const now = () => IN_2026 + 9;
  return { ...ON_BEHALF, store, vault, auditKey: 'audit/1', path: path(name), recipient, now, ...change };
}

async function rowsIn(name: string, key = identity): Promise<ExtractedContent[]> {
  await using extraction = await openExtraction({ path: path(name), publicKey, identity: key });
  const rows: ExtractedContent[] = [];
  for await (const { row } of extraction.records()) rows.push(row);
  return rows;
}

describe('an extraction for the Commission (個人情報保護委員会)', () => {
  test('holds every branch of every record, 不開示 ones too, as they are on record', async () => {
    const manifest = await extractRecords(options('all'));
    expect(manifest.counts).toEqual({ records: 4, rows: 5 });
    const rows = await rowsIn('all');
    const stored = await world.file.records({ limit: 100 });
    expect(rows).toEqual(
      stored.map(({ serial, branch, period, recordedAt, entry, content }) => {
        return { serial, branch, period, recordedAt, entry, content };
      }),
    );
    expect(rows.map(({ serial, branch }) => [serial, branch])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
  });

  test.each<[ExtractionFilter, number[]]>([
    [{ period: '2027' }, [4]],
    [{ inquirer: 'B2' }, [3]],
    [{ provider: 'B2', period: '2026' }, [1, 2]],
    [{ fromDay: '2026-07-02' }, [4]],
    [{ toDay: '2026-07-01' }, [1, 2, 3]],
    [{ fromDay: '2026-07-01', toDay: '2026-07-02' }, [1, 2, 3, 4]],
    [{ inquirer: 'Z9' }, []],
  ])('of those that %j asks for', async (filter, serials) => {
    const manifest = await extractRecords(options('filtered', { filter }));
    expect(manifest).toMatchObject({ filter, counts: { records: serials.length } });
    expect([...new Set((await rowsIn('filtered')).map(({ serial }) => serial))]).toEqual(serials);
  });

  test('has no record code, no code of a person and no name of a request in it', async () => {
    await extractRecords(options('no-codes'));
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    // Any tool of age opens the file.
    const text = await decrypter.decrypt(new Uint8Array(await readFile(path('no-codes'))), 'text');
    expect(text.split('\n')).toHaveLength(6);
    for (const row of await world.file.records({ limit: 100 })) {
      const code = Buffer.from(row.recordCode);
      for (const form of [code.toString('hex'), code.toString('base64'), code.toString('latin1')]) {
        expect(text).not.toContain(form);
      }
      expect(text).not.toContain(row.origin?.requestId ?? 'T-1');
    }
    for (const code of world.shown) expect(text).not.toContain(code);
  });

  test('says in a signed manifest what it is, and where the log stood', async () => {
    const { size } = await world.file.logHead();
    const manifest = await extractRecords(options('manifest'));
    expect(manifest).toMatchObject({
      format: 'renkei-extraction/1',
      ...ON_BEHALF,
      madeAt: new Date(IN_2026 + 9).toISOString(),
      filter: {},
      log: { size, entry: size },
    });
    await using extraction = await openExtraction({ path: path('manifest'), publicKey, identity });
    expect(extraction.manifest).toEqual(manifest);
  });

  test('is itself recorded, before and after, with counts and digest', async () => {
    const before = (await loggedEntries(world.file, 'records.extracted')).length;
    const manifest = await extractRecords(options('logged', { filter: { period: '2026' } }));
    const begun = (await loggedEntries(world.file, 'records.extracting')).at(-1);
    expect(begun).toEqual({
      who: ON_BEHALF.who,
      receipt: ON_BEHALF.receiptNumber,
      period: '2026',
      recipient: manifest.file.recipient,
    });
    const ended = await loggedEntries(world.file, 'records.extracted');
    expect(ended).toHaveLength(before + 1);
    expect(ended.at(-1)).toEqual({
      receipt: ON_BEHALF.receiptNumber,
      begun: manifest.log.entry,
      records: 3,
      rows: 4,
      digest: manifest.file.digest,
    });
    for await (const finding of checkRecords(world.file)) throw new Error(finding.finding);
  });

  test('of more rows than are read or encrypted at once', async () => {
    const store = createMemoryRecordStore();
    const records = Array.from({ length: 3_000 }, (_, k) => {
      const content = contentOf({ department: `課${k}` });
      return { requestId: `R-${k}`, period: '2026', generation: 1, recordCode: new Uint8Array(24), content };
    });
    await store.append({ at: IN_2026, records });
    const seen: number[] = [];
    await extractRecords(options('large', { store, onProgress: ({ rows }) => seen.push(rows) }));
    expect(seen.length).toBeGreaterThan(5);
    const rows = await rowsIn('large');
    expect(rows.map(({ content }) => content.department)).toEqual(
      records.map(({ content }) => content.department),
    );
  });
});

describe('nothing appears that is not whole and on record', () => {
  test.each(['appendLog', 'records', 'logHead'] as const)('the store fails in %s', async (method) => {
    const failing = standIn(world.file);
    failing.fail(new RenkeiError('STORE_FAULT', 'injected'), method);
    const made = extractRecords(options(`failed-${method}`, { store: failing.object }));
    await expect(made).rejects.toMatchObject({ code: 'STORE_FAULT' });
    expect((await readdir(path('.'))).filter((name) => name.startsWith(`failed-${method}`))).toEqual([]);
  });

  test('the log takes no second entry: the file does not appear', async () => {
    const failing = standIn(world.file);
    let entries = 0;
    failing.before = (method) => {
      if (method === 'appendLog' && ++entries === 2) throw new RenkeiError('STORE_FAULT', 'injected');
    };
    const made = extractRecords(options('second', { store: failing.object }));
    await expect(made).rejects.toMatchObject({ code: 'STORE_FAULT' });
    expect((await readdir(path('.'))).filter((name) => name.startsWith('second'))).toEqual([]);
  });

  test('given up, it leaves no file', async () => {
    const signal = AbortSignal.abort();
    await expect(extractRecords(options('aborted', { signal }))).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await readdir(path('.'))).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });

  test('a folder that is not there, and a file that is not there', async () => {
    const made = extractRecords(options('no/folder'));
    await expect(made).rejects.toMatchObject({ code: 'EXTRACTION_FAULT', retryable: true });
    await expect(rowsIn('nowhere')).rejects.toMatchObject({ code: 'EXTRACTION_FAULT' });
  });
});

describe('what is refused', () => {
  const opened = (name: string, change = {}) =>
    openExtraction({ path: path(name), publicKey, identity, ...change });

  test.each<[string, object, string]>([
    ['a recipient that is none', { recipient: 'age1x' }, 'OPTION_INVALID'],
    ['an audit key that is none', { auditKey: 'store/1' }, 'KEY_NAME_INVALID'],
    ['a day that is none', { filter: { fromDay: '2026-02-30' } }, 'OPTION_INVALID'],
    ['days in the wrong order', { filter: { fromDay: '2026-07-02', toDay: '2026-07-01' } }, 'OPTION_INVALID'],
    ['a filter that is not known', { filter: { person: 'x' } }, 'OPTION_UNKNOWN'],
    ['a number in place of a name', { who: '098765432109' }, 'OPTION_INVALID'],
  ])('%s', async (_, change, code) => {
    await expect(extractRecords(options('refused', change))).rejects.toMatchObject({ code });
  });

  test('a changed file, a file cut off, another file with this manifest', async () => {
    await extractRecords(options('changed'));
    const bytes = await readFile(path('changed'));
    const other = new Encrypter();
    other.addRecipient(recipient);
    const forged = Buffer.from(await other.encrypt('{}\n'));
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 1] = (flipped[bytes.length - 1] as number) ^ 1;
    for (const content of [flipped, bytes.subarray(0, -1), Buffer.concat([bytes, bytes]), forged]) {
      await writeFile(path('changed'), content);
      await expect(opened('changed')).rejects.toMatchObject({ code: 'EXTRACTION_INVALID' });
    }
  });

  test('a file that is changed while it is read', async () => {
    await extractRecords(options('swapped'));
    await using extraction = await opened('swapped');
    const other = new Encrypter();
    other.addRecipient(recipient);
    // As many rows, and one of them says something else.
    const rows = await rowsIn('swapped');
    const lines = rows.map((row) => canonicalJson(row).replace('福祉課', '税務課'));
    await writeFile(path('swapped'), Buffer.from(await other.encrypt(`${lines.join('\n')}\n`)));
    const reading = async () => {
      for await (const record of extraction.records()) expect(String(record)).toMatch(/redacted/);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'EXTRACTION_INVALID' });
  });

  test('a manifest that was changed, by whomever, and one that another key signed', async () => {
    await extractRecords(options('signed'));
    const name = `${path('signed')}.manifest`;
    const manifest = await readFile(name, 'utf8');
    const refused = async (text: string, code: string, change = {}) => {
      await writeFile(name, text);
      await expect(opened('signed', change)).rejects.toMatchObject({ code });
    };
    await refused(manifest.replace('"records":4', '"records":3'), 'SIGNATURE_INVALID');
    await refused(manifest.replace('{', '{ '), 'EXTRACTION_INVALID');
    await refused('{}', 'EXTRACTION_INVALID');
    await refused('x', 'EXTRACTION_INVALID');
    await refused('null', 'EXTRACTION_INVALID');
    const { makeSigner } = await import('../support/signer.js');
    const signer = makeSigner();
    await refused(manifest, 'SIGNATURE_INVALID', { publicKey: signer.publicKey });
    const { signature, ...content } = JSON.parse(manifest);
    expect(signature).toHaveLength(128);
    const { fingerprint } = content.signedBy;
    const own = publicKeyFingerprint(signer.publicKey);
    for (const named of [fingerprint, own]) {
      const renamed = { ...content, signedBy: { ...content.signedBy, fingerprint: named } };
      const message = signedMessage('renkei-extraction/1', Buffer.from(canonicalJson(renamed)));
      const resigned = { ...renamed, signature: Buffer.from(await signer.sign(message)).toString('hex') };
      await refused(`${canonicalJson(resigned)}\n`, 'EXTRACTION_INVALID', { publicKey: signer.publicKey });
      await refused(`${canonicalJson(resigned)}\n`, 'SIGNATURE_INVALID');
    }
  });

  test("another recipient's key", async () => {
    await extractRecords(options('not-mine'));
    const stranger = await generateIdentity();
    await expect(rowsIn('not-mine', stranger)).rejects.toMatchObject({ code: 'EXTRACTION_INVALID' });
    await expect(opened('not-mine', { identity: 'x' })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('identity'),
    });
  });

  test('a rendering shows nothing of a row', async () => {
    await extractRecords(options('redacted'));
    await using extraction = await opened('redacted');
    for await (const record of extraction.records()) {
      expect(inspect(record, { depth: 9, showHidden: true })).not.toContain('甲市長');
      expect(JSON.stringify([record, extraction])).not.toContain('甲市長');
    }
  });
});
