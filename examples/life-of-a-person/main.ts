import { randomBytes } from 'node:crypto';
import { createMemoryStore, openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';

const names = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1'];
const keys = Object.fromEntries(names.map((name) => [name, randomBytes(32)])); // for trying out; else an HSM
const vault = await openSoftwareVault({ keys });
const issuer = await openIssuer({ vault, store: createMemoryStore() });
for (const institution of ['A1', 'B2']) await issuer.registerInstitution(institution);

const request = (residents: string[]) => ({ acquisitionNumbers: ['A-0001'], residents });
const [first] = await issuer.issueBatch('A1', request(['24727059608']));
const code = first?.status === 'issued' ? first.code : '';

const [change] = await issuer.changeResidentRecordCodes({ old: ['24727059608'], new: ['12345678903'] });
const [again] = await issuer.issueBatch('A1', request(['12345678903']));
console.log(change, again); // changed; A1 has the person's code already, and keeps it

const [holders] = await issuer.holders([code], { from: 'A1' });
const [information] = await issuer.managementInformation([code], { from: 'A1' });
console.log(holders, information, await issuer.statistics());

const [removed] = await issuer.removePersons(['12345678903']); // by the old code or the new one
const [gone] = await issuer.translate([code], { from: 'A1', to: 'B2' });
console.log(removed, gone, await issuer.checkStore()); // CODE_NOT_ISSUED; nothing is broken
