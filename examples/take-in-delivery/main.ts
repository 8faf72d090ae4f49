import { openDelivery } from 'renkei/delivery';

const { DELIVERY = '', INSTITUTION = '', AUDIT_KEY = '', TAKEN_IN = '0' } = process.env;
const newCodeOf = new Map<string, string>(); // stands for the column of codes in the institution's database

const delivery = await openDelivery({ path: DELIVERY, institution: INSTITUTION, publicKey: AUDIT_KEY });
await delivery.verify(); // every pair, before anything is changed
let takenIn = Number(TAKEN_IN); // 0, or where an interrupted run stopped
for await (const { oldCodes, newCodes } of delivery.codes({ from: takenIn })) {
  // One transaction: these codes, and how many are taken in by now.
  for (const [n, code] of oldCodes.entries()) newCodeOf.set(code, newCodes[n] ?? code);
  takenIn += oldCodes.length;
}
await delivery.close();
const { fromVersion, toVersion, sequence } = delivery.header;
console.log(`delivery ${sequence}: ${takenIn} codes of version ${fromVersion} became codes of version ${toVersion}`);
