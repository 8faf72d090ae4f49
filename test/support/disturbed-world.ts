import { createMemoryStore, type InstitutionCode, type IssuanceStore } from 'renkei';
import { syntheticResidentTexts } from './residents.js';
import { openRotationVault, openRotationWorld } from './rotation-world.js';

/** A world whose store does something else once, before or after one of its calls. */
export async function openDisturbedWorld() {
  const real = createMemoryStore();
  const disturbances = new Map<string, () => Promise<unknown>>();
  const disturbed = async (when: string) => {
    const disturb = disturbances.get(when);
    disturbances.delete(when);
    await disturb?.();
  };
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        await disturbed(`before ${String(name)}`);
        const answer: unknown = await Reflect.apply(value, target, given);
        await disturbed(`after ${String(name)}`);
        return answer;
      };
    },
  }) as IssuanceStore;
  const vault = await openRotationVault();
  const world = await openRotationWorld({ vault, store });
  let newcomers = 0;
  /** Writes somebody as an issuer does that began its batch before the rotation: without a successor. */
  const writeLate = async () => {
    const [storeKey] = (await real.listKeys()).filter(
      ({ name, state }) => state === 'active' && name.startsWith('store/'),
    );
    const digits = Uint8Array.from(Buffer.from(syntheticResidentTexts(9, newcomers++, 1)[0] as string));
    const { codes } = await vault.derive(digits, [storeKey?.name as 'store/1' as never]);
    const batch = { institution: 'A1' as InstitutionCode, keyVersion: 1, generation: 1, issuedAt: 1_000 };
    await real.issue({ ...batch, storeCodes: codes[0] as Uint8Array });
    return codes[0] as Uint8Array;
  };
  /** Has the call disturbed, once. */
  const at = (when: string, disturb: () => Promise<unknown>) => disturbances.set(when, disturb);
  return { ...world, real, at, writeLate, isDisturbed: () => disturbances.size === 0 };
}
