import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Audience, type KeyName, parseAudience } from '../../src/codes/key-names.js';
import { formatPerInstitutionCode } from '../../src/codes/per-institution-code.js';
import { linkFingerprintBlock, writeLinkageBlocks } from '../../src/scheme/linkage-block.js';
import { openSoftwareVault } from '../../src/vault/software/index.js';
import { renderWorkedExample, WORKED_EXAMPLES } from './worked-examples.js';

const SPEC = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8');
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

/** The fenced text under a heading of the document. */
function blockUnder(heading: string): string {
  const [, section = ''] = SPEC.split(`### ${heading}\n`);
  return /^\n```text\n([\s\S]*?)\n```\n/.exec(section)?.[1] ?? '';
}

/** `name = value` lines of a worked example. */
function valuesOf(block: string): Map<string, string> {
  const lines = block.split('\n').filter((line) => /^\S+ = /.test(line) || /^KW\(\S+, 0\) = /.test(line));
  return new Map(lines.map((line) => line.split(' = ') as [string, string]));
}

describe.each(WORKED_EXAMPLES)('docs/spec.md, $heading', (example) => {
  const block = blockUnder(example.heading);
  const values = valuesOf(block);

  test('every line is what node:crypto computes', () => {
    expect(block).toBe(renderWorkedExample(example));
  });

  test('the twelve steps of KW end in the code', () => {
    const last = /t = 12: B = \w+ A = (\w+) R\[1\] = (\w+) R\[2\] = (\w+)/.exec(block);
    const own = `C(institution/${example.institution}/${example.version})`;
    expect(`${last?.[1]}${last?.[2]}${last?.[3]}`).toBe(values.get(own));
  });

  test('the library computes the same M(J), codes, external form and fingerprints', async () => {
    const residents = new Uint8Array(Buffer.from(example.residentRecordCode, 'latin1'));
    const linkageBlock = new Uint8Array(16);
    writeLinkageBlocks(residents, linkageBlock);
    expect(hex(linkageBlock)).toBe(values.get('M(J)'));
    const names = Object.keys(example.keys) as KeyName[];
    const audiences = names.filter((name) => !name.startsWith('link/')) as Audience[];
    await using vault = await openSoftwareVault({ keys: example.keys });
    const { codes } = await vault.derive(residents, audiences, {
      generation: names.length - audiences.length,
    });
    for (const [k, audience] of audiences.entries()) {
      const code = codes[k] as Uint8Array;
      expect(hex(code)).toBe(values.get(`C(${audience})`));
      const parsed = parseAudience(audience);
      if (parsed.kind !== 'institution') continue;
      expect(formatPerInstitutionCode(code, parsed.version)).toBe(values.get(`text(${audience})`));
    }
    for (const name of names) {
      expect(await vault.fingerprint(name)).toBe(values.get(`fingerprint(${name})`));
    }
  });
});

test('docs/spec.md: no hex value stands outside the worked examples but the two constants', () => {
  let prose = SPEC;
  for (const { heading } of WORKED_EXAMPLES) prose = prose.replace(blockUnder(heading), '');
  const values = new Set(prose.match(/\b[0-9a-f]{16,}\b/g));
  expect(values).toEqual(new Set(['a6a6a6a6a6a6a6a6', hex(linkFingerprintBlock())]));
});
