import type { IssuanceStore as BuiltStore, Vault as BuiltVault } from 'renkei';
import type { KeyName } from '../../src/codes/key-names.js';
import { institutionAudience, linkKey, parseKeyName, storeAudience } from '../../src/codes/key-names.js';
import type { IssuanceStore, KeyState } from '../../src/stores/port.js';
import type { NewRotation, RotationStatus } from '../../src/stores/rotation-port.js';
import { parseInstitutionCode } from '../../src/subjects/institution-code.js';
import type { Vault } from '../../src/vault/port.js';

/** What is rotated by hand: how it is begun, and which keys follow which. */
interface ByHand {
  readonly rotation: Pick<NewRotation, 'kind' | 'subject' | 'notes' | 'successor'>;
  readonly keys: readonly { readonly old: KeyName; readonly next: KeyName }[];
}

type Keys = readonly { readonly name: KeyName; readonly from: KeyState; readonly to: KeyState }[];

/**
 * A rotation moved through the port of a store, step by step, without the work between the steps: for tests of what
 * serves meanwhile.
 */
export class RotationByHand {
  readonly id: number;
  readonly #store: IssuanceStore;
  readonly #keys: ByHand['keys'];

  private constructor(store: IssuanceStore, id: number, keys: ByHand['keys']) {
    this.#store = store;
    this.id = id;
    this.#keys = keys;
  }

  static async begin(store: IssuanceStore, { rotation, keys }: ByHand): Promise<RotationByHand> {
    const plan = JSON.stringify({ to: keys.map(({ next }) => ({ name: next })) });
    const id = await store.beginRotation({ ...rotation, parts: 0, plan, createdAt: 1 });
    if (id === undefined) throw new Error('the store refuses to begin the rotation');
    return new RotationByHand(store, id, keys);
  }

  async verify(): Promise<void> {
    await this.#move('running', 'verified');
  }

  /** The new keys become active, the old ones accepting. Notes are taken as worked on. */
  async switchOver(): Promise<void> {
    const noted = await this.#store.noted(100_000);
    await this.#store.settle(noted.map(({ note }) => note));
    await this.#move('verified', 'switched', [
      ...this.#keys.map(({ old }) => ({ name: old, from: 'active', to: 'accepting' }) as const),
      ...this.#keys.map(({ next }) => ({ name: next, from: 'pre-active', to: 'active' }) as const),
    ]);
  }

  /** The old keys are refused from now on. */
  async beginRetiring(): Promise<void> {
    const retired = this.#keys.map(({ old }) => ({ name: old, from: 'accepting', to: 'retired' }) as const);
    await this.#move('switched', 'retiring', retired);
  }

  /** Moves the rows, and ends. */
  async endRetiring(): Promise<void> {
    while ((await this.#store.moveRows(100)) > 0);
    await this.#move('retiring', 'retired');
  }

  async retire(): Promise<void> {
    await this.beginRetiring();
    await this.endRetiring();
  }

  /** @param andKeys the new keys are given up too */
  async abort(andKeys = false): Promise<void> {
    const gone = this.#keys.map(({ next }) => ({ name: next, from: 'pre-active', to: 'destroyed' }) as const);
    await this.#move('running', 'aborting', andKeys ? gone : []);
    await this.#move('aborting', 'aborted');
  }

  /** Puts on record that the old keys are gone. */
  async destroy(): Promise<void> {
    const gone = this.#keys.map(({ old }) => ({ name: old, from: 'retired', to: 'destroyed' }) as const);
    await this.#move('retired', 'destroyed', gone);
  }

  async #move(from: RotationStatus, to: RotationStatus, keys: Keys = []): Promise<void> {
    const outcome = await this.#store.moveRotation({ id: this.id, from, to, keys, at: 1 });
    if (outcome !== 'inserted') throw new Error(`from ${from} to ${to}: ${outcome}`);
  }
}

/** Registers a key of the vault that a rotation is to lead to. */
async function register(store: IssuanceStore, vault: Vault, name: KeyName, generation?: number) {
  const fingerprint = await vault.fingerprint(name);
  const record = { name, fingerprint, registeredAt: 1, ...(generation === undefined ? {} : { generation }) };
  const outcome = await store.registerKey(record);
  if (outcome === 'conflict') throw new Error(`${name} cannot be registered`);
}

/** A store and its vault; their types may be those of the package, which are the same as those of the source. */
interface World {
  readonly store: IssuanceStore | BuiltStore;
  readonly vault: Vault | BuiltVault;
}

const ofSource = (world: World) => world as { readonly store: IssuanceStore; readonly vault: Vault };

async function activeVersion(store: IssuanceStore, institution: string): Promise<number> {
  for (const { name, state } of await store.listKeys()) {
    const key = parseKeyName(name);
    if (state !== 'active' || key.kind !== 'institution' || key.institution !== institution) continue;
    return key.version;
  }
  throw new Error(`${institution} has no active key`);
}

/** Begins the rotation of an institution's key to another version. */
export async function beginInstitutionRotation(
  world: World,
  institution: string,
  version: number,
): Promise<RotationByHand> {
  const { store, vault } = ofSource(world);
  const old = institutionAudience(institution, await activeVersion(store, institution));
  const next = institutionAudience(institution, version);
  await register(store, vault, next);
  const notes = [parseInstitutionCode(institution)];
  const rotation = { kind: 'institution', subject: institution, notes } as const;
  return RotationByHand.begin(store, { rotation, keys: [{ old, next }] });
}

/** Makes another version of an institution's key the active one; the one before is accepted still. */
export async function switchInstitution(
  world: World,
  institution: string,
  version: number,
): Promise<RotationByHand> {
  const rotation = await beginInstitutionRotation(world, institution, version);
  await rotation.verify();
  await rotation.switchOver();
  return rotation;
}

/** Begins the rotation of the store key 1 to 2. */
export async function beginStoreRotation(world: World): Promise<RotationByHand> {
  const { store, vault } = ofSource(world);
  const next = storeAudience(2);
  await register(store, vault, next);
  const successor = { generation: 1, storeKeyVersion: 2 };
  const rotation = { kind: 'store', subject: '*', notes: 'persons', successor } as const;
  return RotationByHand.begin(store, { rotation, keys: [{ old: storeAudience(1), next }] });
}

/** Begins the change from generation 1 to 2, with the store key 2 and version 2 of each institution's key. */
export async function beginGenerationRotation(
  world: World,
  institutions: readonly string[],
): Promise<RotationByHand> {
  const { store, vault } = ofSource(world);
  const next = [linkKey(2), storeAudience(2), ...institutions.map((code) => institutionAudience(code, 2))];
  const old = [linkKey(1), storeAudience(1), ...institutions.map((code) => institutionAudience(code, 1))];
  for (const name of next) await register(store, vault, name, 2);
  const successor = { generation: 2, storeKeyVersion: 2 };
  const rotation = { kind: 'generation', subject: '*', notes: 'everything', successor } as const;
  const keys = next.map((name, k) => ({ old: old[k] as KeyName, next: name }));
  return RotationByHand.begin(store, { rotation, keys });
}

/** Gives everybody in the store a code under the store key 2, of the same generation or of the second. */
export async function succeedAll(world: World, generation: 1 | 2): Promise<void> {
  const { store, vault } = ofSource(world);
  const { storeCodes } = await store.persons({ limit: 100_000 });
  const made =
    generation === 1
      ? await vault.translate(storeCodes, storeAudience(1), [storeAudience(2)])
      : await vault.advance(storeCodes, storeAudience(1), 2, [storeAudience(2)]);
  const outcomes = await store.succeed({ oldCodes: storeCodes, newCodes: made.codes[0] as Uint8Array });
  if (outcomes.includes('conflict')) throw new Error('a successor is another one');
}
