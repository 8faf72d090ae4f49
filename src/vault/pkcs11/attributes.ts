/** A PKCS#11 attribute by its standard name and number (PKCS#11 2.40 base specification, appendix). */
const ATTRIBUTES = {
  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_VALUE: 0x11,
  CKA_TRUSTED: 0x86,
  CKA_CHECK_VALUE: 0x90,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_ENCRYPT: 0x104,
  CKA_DECRYPT: 0x105,
  CKA_WRAP: 0x106,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_SIGN_RECOVER: 0x109,
  CKA_VERIFY: 0x10a,
  CKA_VERIFY_RECOVER: 0x10b,
  CKA_DERIVE: 0x10c,
  CKA_VALUE_LEN: 0x161,
  CKA_EXTRACTABLE: 0x162,
  CKA_LOCAL: 0x163,
  CKA_NEVER_EXTRACTABLE: 0x164,
  CKA_ALWAYS_SENSITIVE: 0x165,
  CKA_KEY_GEN_MECHANISM: 0x166,
  CKA_MODIFIABLE: 0x170,
  CKA_COPYABLE: 0x171,
  CKA_DESTROYABLE: 0x172,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKA_WRAP_WITH_TRUSTED: 0x210,
  CKA_UNWRAP_TEMPLATE: 0x40000212,
  CKA_ALLOWED_MECHANISMS: 0x40000600,
} as const;

/** Name of an attribute this library sets or reads. */
export type AttributeName = keyof typeof ATTRIBUTES;

/** The attribute's number. */
export function attributeType(name: AttributeName): number {
  return ATTRIBUTES[name];
}

/** Mechanisms this library uses (PKCS#11 2.40 mechanisms specification). */
const MECHANISMS = {
  CKM_AES_KEY_GEN: 0x1080,
  CKM_AES_ECB: 0x1081,
  CKM_AES_CBC_ENCRYPT_DATA: 0x1105,
  CKM_AES_KEY_WRAP: 0x2109,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
} as const;

/** Name of a mechanism this library uses. */
export type MechanismName = keyof typeof MECHANISMS;

/** The mechanism's number. */
export function mechanismType(name: MechanismName): number {
  return MECHANISMS[name];
}

/** The mechanism's standard name, or its number in hex where this library does not use it. */
export function mechanismName(type: number): string {
  return Object.entries(MECHANISMS).find(([, known]) => known === type)?.[0] ?? `0x${type.toString(16)}`;
}
