import { allocateOffHeap } from '../../src/bytes/allocate.js';
import { ResidentRecordCode } from '../../src/subjects/resident-record-code.js';
import { syntheticResidents, syntheticResidentTexts } from './residents.js';

/** Seed of the people that single callers ask for. */
export const SINGLES_SEED = 21;

const [ANYBODY] = syntheticResidentTexts(SINGLES_SEED + 1, 0, 1) as [string];

/** A resident record code whose digits were never a text, and can be looked at after they were taken. */
export class WatchedCode extends ResidentRecordCode {
  readonly digits = allocateOffHeap(11);

  constructor(person: number, seed = SINGLES_SEED) {
    super(ANYBODY);
    const residents = syntheticResidents(seed, person, 1);
    this.digits.set(residents);
    residents.fill(0);
  }

  override take(): Uint8Array {
    super.take();
    return this.digits;
  }

  get isWiped(): boolean {
    return this.digits.every((byte) => byte === 0);
  }
}

/** A request for one person's code. */
export function single(person: number, acquisitionNumber = `P-${person}`) {
  return { acquisitionNumber, residentRecordCode: new WatchedCode(person) };
}
