import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A temporary folder for the tests of one file or block; gone after them. */
export function makeScratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { path: (name: string) => join(folder, name) };
}
