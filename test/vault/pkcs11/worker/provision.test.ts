import pkcs11js, { type Template } from 'pkcs11js';
import { describe, expect, it } from 'vitest';
import { storeAudience } from '../../../../src/codes/key-names.js';
import { provisionKey } from '../../../../src/vault/pkcs11/worker/provision.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

const OPTIONAL = [pkcs11js.CKA_COPYABLE, pkcs11js.CKA_ALLOWED_MECHANISMS];
const KEY = Buffer.alloc(8, 5);

/** A module that makes keys, answering `refusal` to a template with the optional attributes. */
function moduleThat(refusal: Error, knowsThem: boolean) {
  const templates: number[][] = [];
  const make = (template: Template) => {
    const types = template.map(({ type }) => type);
    templates.push(types);
    if (OPTIONAL.some((type) => types.includes(type))) throw refusal;
    return KEY;
  };
  const stand = standInModule({
    C_FindObjectsInit: () => undefined,
    C_FindObjects: () => [],
    C_FindObjectsFinal: () => undefined,
    C_GenerateKey: (_session: Buffer, _mechanism: unknown, template: Template) => make(template),
    C_CreateObject: (_session: Buffer, template: Template) => make(template),
    C_DestroyObject: () => undefined,
    C_GetAttributeValue: () => {
      if (!knowsThem) throw ckr('CKR_ATTRIBUTE_TYPE_INVALID', 0x12);
      return [{ value: Buffer.of(1) }];
    },
  });
  const session = { module: stand.module, slot: Buffer.alloc(8), handle: Buffer.alloc(8) };
  const provision = (value: SharedArrayBuffer | undefined) =>
    provisionKey(session, { name: storeAudience(1), level: 2, value });
  return { ...stand, provision, templates };
}

describe.each([
  ['generated', undefined],
  ['imported', new SharedArrayBuffer(32)],
] as const)('a key to be %s', (_, value) => {
  it.each([
    ['CKR_ATTRIBUTE_TYPE_INVALID', 0x12],
    ['CKR_GENERAL_ERROR', 0x05],
  ])(
    'on a module that answers %s to attributes it does not know is made without them, and they are named',
    (name, code) => {
      const { provision, templates, calls } = moduleThat(ckr(name, code), false);
      expect(provision(value)).toEqual({ omitted: ['CKA_COPYABLE', 'CKA_ALLOWED_MECHANISMS'] });
      const [full = [], reduced] = templates;
      expect(reduced).toEqual(full.filter((type) => !OPTIONAL.includes(type)));
      expect(calls).not.toContain('C_DestroyObject');
    },
  );

  it('does not stay on a module that knows the attributes and failed for another reason', () => {
    const { provision, calls } = moduleThat(ckr('CKR_GENERAL_ERROR', 0x05), true);
    expect(() => provision(value)).toThrow(withCode('MODULE_FAULT', { message: /CKR_GENERAL_ERROR$/ }));
    expect(calls.at(-1)).toBe('C_DestroyObject');
  });

  it.each([
    ['CKR_TEMPLATE_INCONSISTENT', 0xd1, 'MODULE_REFUSED'],
    ['CKR_DEVICE_ERROR', 0x30, 'MODULE_FAULT'],
  ] as const)('is not tried with less when the module answers %s', (name, code, expected) => {
    const { provision, templates } = moduleThat(ckr(name, code), false);
    expect(() => provision(value)).toThrow(withCode(expected));
    expect(templates).toHaveLength(1);
  });
});
