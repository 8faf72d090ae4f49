import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  checkRotationReceipt,
  createMemoryStore,
  type IssuanceStore,
  type Issuer,
  institutionAudience,
  openIssuer,
  openRotations,
  type PerInstitutionCode,
  parsePerInstitutionCode,
  type Rotation,
  type RotationReceipt,
  type Rotations,
  type Vault,
} from 'renkei';
import { openDelivery } from 'renkei/delivery';
import { openSoftwareVault } from 'renkei/software';
import { testKeys } from './named-keys.js';
import { syntheticResidentTexts } from './residents.js';

const NAMES = [
  ...['link/1', 'link/2', 'store/1', 'store/2', 'store/3', 'record/2026', 'record/2027', 'record/R8'],
  ...['A1', 'B2', 'C3'].flatMap((code) => [1, 2, 3].map((version) => `institution/${code}/${version}`)),
];

/** Signs in tests. */
const AUDIT_KEY = new Uint8Array(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' }),
);

/** A vault with all keys that rotations in tests lead to. */
export function openRotationVault(without: readonly string[] = []): Promise<Vault> {
  const names = NAMES.filter((name) => !without.includes(name));
  return openSoftwareVault({ keys: { ...testKeys(names), 'audit/1': AUDIT_KEY } });
}

/** A store with people who have codes of the institutions A1 and B2, and what rotates its keys. */
export interface RotationWorld {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly issuer: Issuer;
  readonly rotations: Rotations;
  /** Resident record codes of the people, as they are today. */
  readonly people: readonly string[];
  /** Codes that A1 got for them. */
  readonly codes: readonly PerInstitutionCode[];
}

export interface WorldOptions {
  readonly vault?: Vault;
  readonly store?: IssuanceStore;
  readonly people?: number;
  readonly now?: () => number;
}

/** Every seventh person has a changed resident record code; every second has a code of B2 too. */
export async function openRotationWorld(options: WorldOptions = {}): Promise<RotationWorld> {
  const { people: size = 60, store = createMemoryStore(), now = Date.now } = options;
  const vault = options.vault ?? (await openRotationVault());
  const issuer = await openIssuer({ vault, store, now });
  await issuer.registerInstitution('A1');
  await issuer.registerInstitution('B2');
  await issuer.registerRecordPeriod('2026');
  const before = syntheticResidentTexts(5, 0, size);
  const codes = await issueTo(issuer, 'A1', before);
  await issueTo(
    issuer,
    'B2',
    before.filter((_, n) => n % 2 === 0),
  );
  const changes = before.flatMap((old, n) =>
    n % 7 === 3 ? [{ old, new: syntheticResidentTexts(6, n, 1)[0] as string }] : [],
  );
  await issuer.changeResidentRecordCodes({
    old: changes.map(({ old }) => old),
    new: changes.map((change) => change.new),
  });
  const renamed = new Map(changes.map((change) => [change.old, change.new]));
  const rotations = await openRotations({ vault, store, auditKey: 'audit/1', now });
  return { vault, store, issuer, rotations, people: before.map((code) => renamed.get(code) ?? code), codes };
}

/** Codes of residents at an institution; those they have already are given again. */
export async function issueTo(
  issuer: Issuer,
  institution: string,
  residents: readonly string[],
): Promise<PerInstitutionCode[]> {
  const result = await issuer.issueBatch(
    institution,
    { acquisitionNumbers: residents.map((_, n) => `T-${n}`), residents },
    { reissue: true },
  );
  const codes: PerInstitutionCode[] = [];
  for (const item of result) {
    if (!('code' in item) || item.code === undefined) throw new Error('a resident was refused');
    codes.push(item.code as PerInstitutionCode);
  }
  return codes;
}

/** Old and new codes of a delivery, as the institution reads them. */
export async function readDelivered(
  { vault }: Pick<RotationWorld, 'vault'>,
  folder: string,
  receipt: RotationReceipt,
  institution: string,
): Promise<Map<string, string>> {
  const pairs = new Map<string, string>();
  const publicKey = await vault.publicKey('audit/1' as Parameters<Vault['publicKey']>[0]);
  for (const { audience, file } of receipt.deliveries) {
    if (audience !== institutionAudience(institution, 1).slice(0, -2)) continue;
    const delivery = await openDelivery({ path: `${folder}/${file}`, publicKey, institution });
    try {
      for await (const { oldCodes, newCodes } of delivery.codes()) {
        for (const [k, code] of oldCodes.entries()) pairs.set(code, newCodes[k] as string);
      }
    } finally {
      await delivery.close();
    }
  }
  return pairs;
}

/** The bytes of the pairs of a delivery: what comes behind header, signature and table. */
export async function deliveredBytes(folder: string, receipt: RotationReceipt): Promise<string[]> {
  const bytes: string[] = [];
  for (const { file, pairs } of receipt.deliveries) {
    const whole = await readFile(`${folder}/${file}`);
    bytes.push(whole.subarray(whole.length - pairs * 48).toString('hex'));
  }
  return bytes;
}

/** What a signed receipt says, its signature checked. */
export function read(receipt: string): RotationReceipt {
  return checkRotationReceipt({ receipt });
}

/** Begins, works and verifies. */
export async function workAndVerify(rotation: Rotation, folder: string): Promise<RotationReceipt> {
  await rotation.work({ folder });
  return read(await rotation.verify({ folder }));
}

/** The version of a code's key. */
export function versionOf(code: string): number {
  return parsePerInstitutionCode(code).version;
}

/** What becomes of codes that one institution presents at another: the code there, or what keeps it from being given. */
export async function translated(
  { issuer }: Pick<RotationWorld, 'issuer'>,
  codes: readonly string[],
  from = 'A1',
  to = 'B2',
): Promise<string[]> {
  const result = await issuer.translate(codes, { from, to });
  return [...result].map((item) =>
    item.status === 'translated' ? item.code : 'error' in item ? item.error : item.status,
  );
}
