import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { openIssuer } from '../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../src/stores/memory/memory-store.js';
import { ResidentRecordCode } from '../../src/subjects/resident-record-code.js';
import { SoftwareKeys } from '../../src/vault/software/software-keys.js';
import { openSoftwareVault } from '../../src/vault/software/software-vault.js';

const RESIDENT = '24727059608';
const KEYS = {
  'link/1': new Uint8Array(32).fill(1),
  'store/1': new Uint8Array(32).fill(2),
  'institution/AAA/1': new Uint8Array(32).fill(3),
  'institution/BBB/1': new Uint8Array(32).fill(4),
};

/** Everything a program, a log or a debugger may do to show an object. */
const RENDERINGS: Readonly<Record<string, (value: unknown) => string>> = {
  'String()': String,
  'a template literal': (value) => `${value}`,
  toJSON: (value) => (value as { toJSON(): string }).toJSON(),
  'JSON.stringify': (value) => JSON.stringify(value),
  'JSON.stringify of a nesting object': (value) => JSON.stringify({ a: [{ b: value }] }),
  inspect: (value) => inspect(value),
  'inspect with hidden properties': (value) => inspect(value, { showHidden: true, depth: null }),
  'inspect of a nesting object': (value) =>
    inspect({ a: [{ b: value }] }, { showHidden: true, depth: null, compact: true }),
  'inspect without custom inspectors': (value) => inspect(value, { customInspect: false, showHidden: true }),
  'util.format': (value) => format('%s %o %O %j', value, value, value, value),
  'console.log': (value) => {
    const stream = new PassThrough();
    new Console(stream).log('a', value, { b: value });
    return String(stream.read());
  },
};

/** The class's name is all that these show; the others may add its public counts. */
const NAME_ONLY = ['String()', 'a template literal', 'toJSON', 'inspect'];

const subjects: { readonly name: string; readonly value: unknown }[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  const vault = await openSoftwareVault({ keys: KEYS });
  const issuer = await openIssuer({ vault, store: createMemoryStore() });
  await issuer.registerInstitution('AAA');
  await issuer.registerInstitution('BBB');
  const request = { acquisitionNumbers: ['1'], residents: [RESIDENT] };
  const issued = await issuer.issueBatch('AAA', request);
  await issuer.issueBatch('BBB', request);
  const item = issued.at(0);
  if (item?.status !== 'issued') throw new Error('nothing was issued');
  const translated = await issuer.translate([item.code], { from: 'AAA', to: 'BBB' });
  const other = translated.at(0);
  if (other?.status !== 'translated') throw new Error('nothing was translated');
  secrets.push(RESIDENT, item.code, other.code);
  subjects.push(
    { name: 'ResidentRecordCode', value: new ResidentRecordCode(RESIDENT) },
    { name: 'SoftwareKeys', value: new SoftwareKeys(KEYS) },
    { name: 'SoftwareVault', value: vault },
    { name: 'Issuer', value: issuer },
    { name: 'IssuanceResult', value: issued },
    { name: 'TranslationResult', value: translated },
  );
});

describe('no rendering shows a secret', () => {
  it.each(Object.entries(RENDERINGS))('%s', (how, render) => {
    expect(subjects).toHaveLength(6);
    for (const { name, value } of subjects) {
      const shown = render(value);
      for (const secret of secrets) expect(shown).not.toContain(secret);
      // Bytes of a key or of a code would show as numbers in a row.
      expect(shown).not.toMatch(/\d+,\s*\d+,\s*\d+/);
      expect(shown).not.toMatch(/Uint8Array|Map\(/);
      if (NAME_ONLY.includes(how)) expect(shown).toBe(`[${name}: redacted]`);
      else expect(shown).toContain(name);
    }
  });

  it('and the same renderings do show an object that is not redacted', () => {
    const plain = { toJSON: () => ({ code: RESIDENT }), code: RESIDENT, toString: () => RESIDENT };
    for (const [how, render] of Object.entries(RENDERINGS)) {
      if (how !== 'toJSON') expect(render(plain), how).toContain(RESIDENT);
    }
  });
});
