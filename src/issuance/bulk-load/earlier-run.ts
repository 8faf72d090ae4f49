import { packCodes } from '../../codes/packed-codes.js';
import { codeTexts } from '../../stores/code-texts.js';
import type { HeldRows } from '../../stores/port.js';
import type { IssuerParts } from '../issuer-parts.js';
import type { Spill } from '../spill/spill.js';
import { ISSUED_NOW, type LoadRecord } from './load-record.js';

/**
 * Batches that an earlier run of a load committed, and ended before it wrote down what became of them. The store says
 * of their rows that they are held. Those of this load's moment and key version were issued by it, and are answered
 * so: a load that was cut off gives the answers of one that was not.
 */
export class EarlierRun {
  readonly #parts: IssuerParts;
  readonly #spill: Spill<LoadRecord>;
  /** Own codes of people this load has answered for already, where more than one request may be theirs. */
  readonly #answered: Set<string>;

  constructor(parts: IssuerParts, spill: Spill<LoadRecord>) {
    this.#parts = parts;
    this.#spill = spill;
    this.#answered = new Set([...spill.ownCodes()].flatMap(codeTexts));
  }

  /**
   * The held versions of a batch as they would be had it not been stored before.
   *
   * @param firstPartition where the group begins that was cut off
   */
  async asIfFirst(
    storeCodes: Uint8Array,
    { versions, canonical }: HeldRows,
    firstPartition: number,
  ): Promise<Uint8Array> {
    const { institution, keyVersion, issuedAt } = this.#spill.about;
    const details = await this.#parts.store.details(institution, storeCodes);
    const codes = codeTexts(storeCodes);
    const own = codes.map((code, row) => {
      const ownCode = canonical.get(row);
      return ownCode === undefined ? code : (codeTexts(ownCode)[0] as string);
    });
    this.#findAnswered(firstPartition, [...canonical.values()]);
    return versions.map((version, row) => {
      const person = own[row] as string;
      const isOfThisLoad = details[row]?.keyVersion === keyVersion && details[row]?.issuedAt === issuedAt;
      const isAnswered = version !== ISSUED_NOW && (!isOfThisLoad || this.#answered.has(person));
      this.#answered.add(person);
      return isAnswered ? version : ISSUED_NOW;
    });
  }

  /** Adds those of these people whose own code was asked for in a partition that is done. */
  #findAnswered(firstPartition: number, people: readonly Uint8Array[]): void {
    const done = people.filter((own) => (own[0] as number) < firstPartition);
    for (const partition of new Set(done.map((own) => own[0] as number))) {
      const rows = new Set(codeTexts(this.#spill.readPartitions(partition, partition + 1)));
      for (const own of codeTexts(packCodes(done))) if (rows.has(own)) this.#answered.add(own);
    }
  }
}
