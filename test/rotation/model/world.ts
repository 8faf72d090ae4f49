import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  auditKey,
  type IssuanceStore,
  type Issuer,
  openIssuer,
  openRotations,
  RenkeiError,
  type Rotation,
  type RotationReceipt,
  type Rotations,
  type SignedReceipt,
  type Vault,
} from 'renkei';
import { openDelivery } from 'renkei/delivery';
import { openSoftwareVault, softwareKeyDestroyer } from 'renkei/software';
import { auditPair } from '../../support/audit-pair.js';
import { testKeys } from '../../support/named-keys.js';
import { referenceCode } from '../../support/reference.js';
import { syntheticResidentTexts } from '../../support/residents.js';

/** Institutions there are keys for; they are registered one after the other. */
export const INSTITUTIONS: readonly string[] = ['A1', 'B2', 'C3', 'D4'];
/** Numbers of the resident record codes. */
export const RESIDENTS = 14;

const AUDIT_KEY = 'audit/1';
/** Rotations of one run stay below. */
const VERSIONS = 60;

/** Record periods there are keys for. */
const FIRST_PERIOD = 2026;
const PERIODS = 60;

const BEGIN = Date.UTC(2026, 3, 1);
/** Longer than a worker that gave up keeps its part. */
const COMMAND_MS = 3_600_000;

const numbers = (most: number) => Array.from({ length: most }, (_, k) => k + 1);
const KEYS = {
  ...testKeys([
    ...numbers(VERSIONS).flatMap((version) => [`link/${version}`, `store/${version}`]),
    ...INSTITUTIONS.flatMap((code) => numbers(VERSIONS).map((version) => `institution/${code}/${version}`)),
    ...numbers(PERIODS).map((k) => `record/${FIRST_PERIOD + k - 1}`),
  ]),
  [AUDIT_KEY]: auditPair(AUDIT_KEY),
};
const TEXTS = syntheticResidentTexts(41, 0, RESIDENTS);

/** What a call came to: its answer, or the code of its error. */
export type Outcome<T> = { readonly value: T } | { readonly error: string };

/** A process of the system: what it has opened on the store is its own. */
interface Site {
  readonly issuer: Issuer;
  readonly rotations: Rotations;
}

/** The real system: one store and one vault, which several issuers and workers use. */
export class World {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly folder: string;
  #sites: readonly Site[] = [];
  #now = BEGIN;

  private constructor(vault: Vault, store: IssuanceStore, folder: string) {
    this.vault = vault;
    this.store = store;
    this.folder = folder;
  }

  /** @param folder an empty one, or one to be made */
  static async open(store: IssuanceStore, folder: string): Promise<World> {
    mkdirSync(folder, { recursive: true });
    const world = new World(await openSoftwareVault({ keys: KEYS }), store, folder);
    await world.restart();
    return world;
  }

  /** Time goes on between two commands. */
  tick(): void {
    this.#now += COMMAND_MS;
  }

  /** One of the issuers, counted round. */
  issuer(n: number): Issuer {
    return this.#site(n).issuer;
  }

  rotations(n: number): Rotations {
    return this.#site(n).rotations;
  }

  /** A rotation as one of the workers has it. */
  rotation(n: number, id: number): Promise<Rotation> {
    return this.rotations(n).get(id);
  }

  /** Opens issuers and rotations anew, as after a restart. */
  async restart(): Promise<void> {
    this.#sites = [await this.#openSite(), await this.#openSite()];
  }

  get destroyer() {
    return softwareKeyDestroyer(this.vault);
  }

  async close(): Promise<void> {
    for (const { issuer } of this.#sites) await issuer.close();
    await this.store.close();
    await this.vault.close();
  }

  /** Folder of a rotation's workers. */
  folderOf(id: number): string {
    return join(this.folder, `rotation-${id}`);
  }

  /** Pairs of the deliveries that a receipt names, read as the institutions do, by institution. */
  async delivered(id: number, receipt: SignedReceipt): Promise<ReadonlyMap<string, [string, string][]>> {
    const pairs = new Map<string, [string, string][]>();
    const publicKey = await this.vault.publicKey(auditKey(1));
    const { deliveries } = JSON.parse(receipt) as RotationReceipt;
    for (const { audience, file, pairs: count } of deliveries) {
      // Record codes have no external form: no institution ever sees them.
      if (audience.startsWith('record/')) continue;
      const institution = audience.replace('institution/', '');
      const read = pairs.get(institution) ?? [];
      pairs.set(institution, read);
      const before = read.length;
      const delivery = await openDelivery({ path: join(this.folderOf(id), file), publicKey, institution });
      for await (const { oldCodes, newCodes } of delivery.codes())
        for (const [k, code] of oldCodes.entries()) read.push([code, newCodes[k] as string]);
      await delivery.close();
      if (read.length - before !== count) throw new Error(`the receipt counts ${count} pairs in ${file}`);
    }
    return pairs;
  }

  async #openSite(): Promise<Site> {
    const { vault, store } = this;
    const now = () => this.#now++;
    return {
      issuer: await openIssuer({ vault, store, now }),
      rotations: await openRotations({ vault, store, now, auditKey: AUDIT_KEY }),
    };
  }

  #site(n: number): Site {
    return this.#sites[n % this.#sites.length] as Site;
  }
}

/** The resident record code of a number, as a text. */
export function residentText(number: number): string {
  return TEXTS[number] as string;
}

/** Of several residents the one whose store code is the lowest: an order that a store goes by, and no model knows. */
export function lowestStoreCode(residents: readonly number[], storeKey: string, generation: number): number {
  const code = (resident: number) =>
    Buffer.from(referenceCode(KEYS, residentText(resident), storeKey, generation)).toString('hex');
  return [...residents].sort((a, b) => (code(a) < code(b) ? -1 : 1))[0] as number;
}

/** What a call came to; only errors of the library are answers. */
export async function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof RenkeiError) return { error: error.code };
    throw error;
  }
}
