import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { auditKey, checkRotationReceipt, createMemoryStore, openIssuer, openRotations } from 'renkei';
import { openDelivery } from 'renkei/delivery';
import { openSoftwareVault, softwareKeyDestroyer } from 'renkei/software';

const { FOLDER = '' } = process.env; // will hold codes: on an encrypted disk, to be erased in the end
const names = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1', 'institution/A1/2'];
const keys = Object.fromEntries(names.map((name) => [name, randomBytes(32)])); // for trying out; else an HSM
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = { 'audit/1': privateKey.export({ format: 'der', type: 'pkcs8' }) };
const vault = await openSoftwareVault({ keys: { ...keys, ...signing } });
const store = createMemoryStore();
const issuer = await openIssuer({ vault, store });
for (const institution of ['A1', 'B2']) {
  await issuer.registerInstitution(institution);
  await issuer.issueBatch(institution, { acquisitionNumbers: ['A-0001'], residents: ['24727059608'] });
}

const rotations = await openRotations({ vault, store, auditKey: 'audit/1' });
const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' }); // from version 1 to 2
await rotation.work({ folder: FOLDER }); // in as many processes as wanted, while requests are served
const { deliveries } = checkRotationReceipt({ receipt: await rotation.verify({ folder: FOLDER }) });

const publicKey = await vault.publicKey(auditKey(1)); // the institution A1 has it from a ceremony record
const path = `${FOLDER}/${deliveries[0]?.file}`;
const delivery = await openDelivery({ path, publicKey, institution: 'A1' });
const codes: string[] = []; // the old code and the new one
for await (const { oldCodes, newCodes } of delivery.codes()) codes.push(...oldCodes, ...newCodes);
await delivery.close();

await rotation.switch({ folder: FOLDER });
console.log(...(await issuer.translate(codes, { from: 'A1', to: 'B2' }))); // both, to the same code
await rotation.retire();
console.log(...(await issuer.translate(codes, { from: 'A1', to: 'B2' }))); // CODE_VERSION_RETIRED, version 1; translated
const receipt = await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) });
console.log(checkRotationReceipt({ receipt }).proof); // the old key is gone
