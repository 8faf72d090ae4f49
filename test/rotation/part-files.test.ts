import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countNewCodes, mergePairs } from '../../src/rotation/merge.js';
import { checkPartFile, type PartFile, writePartFile } from '../../src/rotation/part-file.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

function folderNamed(name: string): string {
  mkdirSync(path(name));
  return path(name);
}

async function merged(folder: string, files: readonly PartFile[]): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of mergePairs(folder, files, undefined)) {
    const hex = Buffer.from(batch).toString('hex');
    for (let at = 0; at < hex.length; at += 96) rows.push(hex.slice(at, at + 96));
  }
  return rows;
}

const hexPairs = (oldCodes: Uint8Array, newCodes: Uint8Array) =>
  Array.from({ length: oldCodes.length / 24 }, (_, k) =>
    [oldCodes, newCodes]
      .map((codes) => Buffer.from(codes.subarray(k * 24, k * 24 + 24)).toString('hex'))
      .join(''),
  );

describe('files of pairs', () => {
  test('are merged in the order of the old codes, whatever was in which file', async () => {
    const folder = folderNamed('merged');
    const files: PartFile[] = [];
    const all: string[] = [];
    // More rows than are sorted at a time, in files of very different sizes.
    for (const [k, rows] of [0, 1, 7, 50_000, 90_000].entries()) {
      const [oldCodes, newCodes] = [randomBytes(rows * 24), randomBytes(rows * 24)];
      files.push(await writePartFile(folder, `part-${k}`, { oldCodes, newCodes }));
      all.push(...hexPairs(oldCodes, newCodes));
    }
    expect(await merged(folder, files)).toEqual(all.sort());
    expect(await countNewCodes(folder, files, undefined)).toBe(all.length);
    expect(await merged(folder, [...files].reverse())).toEqual(all);
  });

  test('that hold the same pairs give each once', async () => {
    const folder = folderNamed('twice');
    const [oldCodes, newCodes] = [randomBytes(240), randomBytes(240)];
    const whole = await writePartFile(folder, 'whole', { oldCodes, newCodes });
    const some = { oldCodes: oldCodes.subarray(0, 72), newCodes: newCodes.subarray(0, 72) };
    const again = await writePartFile(folder, 'again', some);
    expect(await merged(folder, [whole, again, whole])).toEqual(hexPairs(oldCodes, newCodes).sort());
    expect(await countNewCodes(folder, [whole, again], undefined)).toBe(10);
  });

  test('are refused when an old code has two new ones; a new code with two old ones is counted once', async () => {
    const folder = folderNamed('contradicting');
    const [one, two, other] = [randomBytes(24), randomBytes(24), randomBytes(24)];
    const first = await writePartFile(folder, 'first', { oldCodes: one, newCodes: two });
    const twoNew = await writePartFile(folder, 'two-new', { oldCodes: one, newCodes: other });
    await expect(merged(folder, [first, twoNew])).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
    const twoOld = await writePartFile(folder, 'two-old', { oldCodes: other, newCodes: two });
    expect(await countNewCodes(folder, [first, twoOld], undefined)).toBe(1);
  });

  test('are refused when they are not as they were written, or not there', async () => {
    const name = 'rotation-0123456789abcdef-part-0-one';
    const folder = folderNamed('changed');
    const pairs = { oldCodes: randomBytes(48), newCodes: randomBytes(48) };
    const file = await writePartFile(folder, name, pairs);
    await checkPartFile(folder, file);
    // The store has the name: it must not lead out of the folder.
    const outside = { ...file, file: `../changed/${name}` };
    await expect(checkPartFile(folder, outside)).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
    appendFileSync(join(folder, name), 'x');
    await expect(checkPartFile(folder, file)).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
    await expect(checkPartFile(folder, { ...file, file: `${name}-none` })).rejects.toMatchObject({
      code: 'ROTATION_FOLDER',
      message: expect.not.stringContaining(folder),
    });
    // Shorter than it says: found while merging, too.
    writeFileSync(join(folder, name), randomBytes(50));
    await expect(merged(folder, [file])).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
  });

  test('appear when they are whole', async () => {
    const folder = folderNamed('whole');
    await writePartFile(folder, 'file', { oldCodes: randomBytes(24), newCodes: randomBytes(24) });
    expect(readdirSync(folder)).toEqual(['file']);
    const missing = writePartFile(join(folder, 'none'), 'file', {
      oldCodes: randomBytes(24),
      newCodes: randomBytes(24),
    });
    await expect(missing).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
  });
});
