import type { IssuanceBatch, IssuanceStore, KeyRecord, StoreCounts, WriteOutcome } from 'renkei';

/** The reference that stores are held against: plain lists searched from the front, nothing clever. */
export class ModelStore
  implements Pick<IssuanceStore, 'registerKey' | 'listKeys' | 'issue' | 'heldVersions' | 'count'>
{
  readonly #keys: KeyRecord[] = [];
  readonly #issued: { readonly institution: string; readonly person: string; readonly version: number }[] =
    [];

  async registerKey(record: KeyRecord): Promise<WriteOutcome> {
    const named = this.#keys.find(({ name }) => name === record.name);
    const like = this.#keys.find(({ fingerprint }) => fingerprint === record.fingerprint);
    if (named !== undefined && named === like) return 'existed';
    if (named !== undefined || like !== undefined) return 'conflict';
    this.#keys.push(record);
    return 'inserted';
  }

  async listKeys(): Promise<readonly KeyRecord[]> {
    return this.#keys.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }

  async issue({ institution, storeCodes, keyVersion }: IssuanceBatch): Promise<Uint8Array> {
    return this.#each(institution, storeCodes, (person) => {
      const held = this.#versionOf(institution, person);
      if (held === 0) this.#issued.push({ institution, person, version: keyVersion });
      return held;
    });
  }

  async heldVersions(institution: string, storeCodes: Uint8Array): Promise<Uint8Array> {
    return this.#each(institution, storeCodes, (person) => this.#versionOf(institution, person));
  }

  async count(): Promise<StoreCounts> {
    const persons = new Set(this.#issued.map(({ person }) => person)).size;
    return { keys: this.#keys.length, persons, issuances: this.#issued.length };
  }

  #versionOf(institution: string, person: string): number {
    const row = this.#issued.find((issued) => issued.institution === institution && issued.person === person);
    return row?.version ?? 0;
  }

  #each(institution: string, storeCodes: Uint8Array, answer: (person: string) => number): Uint8Array {
    const people = Buffer.from(storeCodes).toString('hex').match(/.{48}/g) ?? [];
    if (people.length === 0) return new Uint8Array(0);
    if (!this.#keys.some(({ name }) => name.startsWith(`institution/${institution}/`))) {
      throw Object.assign(new Error('unknown'), { code: 'INSTITUTION_UNKNOWN' });
    }
    return Uint8Array.from(people, answer);
  }
}
