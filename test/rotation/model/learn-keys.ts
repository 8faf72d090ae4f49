import assert from 'node:assert/strict';
import { parseKeyName } from 'renkei';
import type { ModelRotation, ReferenceModel } from './reference-model.js';
import type { World } from './world.js';

/** A model, and the world that it learns from. */
interface Learning {
  readonly model: ReferenceModel;
  readonly world: World;
}

/** Learns which versions a rotation leads to: they are for the rotation to choose, above the active ones. */
export async function learnVersions({ model, world }: Learning, rotation: ModelRotation): Promise<void> {
  const record = (await world.store.rotations()).find(({ id }) => id === rotation.id);
  const { to } = JSON.parse(record?.plan ?? '{}') as { readonly to: readonly { readonly name: string }[] };
  for (const { name } of to) {
    const key = parseKeyName(name);
    if (key.kind !== 'institution') continue;
    const { institution, version } = key;
    const from = model.active(institution);
    assert.ok(version > from);
    assert.equal(model.version(institution, version)?.state, 'pre-active');
    rotation.versions.push({ institution, from, to: version });
  }
}

/** Puts keys on record in the model that a rotation has registered for itself. */
export async function learnKeys({ model, world }: Learning): Promise<void> {
  for (const { name, state, generation } of await world.store.listKeys()) {
    const key = parseKeyName(name);
    if (key.kind !== 'institution' || model.version(key.institution, key.version) !== undefined) continue;
    assert.equal(state, 'pre-active');
    assert.ok(generation === model.generation || generation === model.generation + 1);
    model.institutions.get(key.institution)?.set(key.version, { state, generation });
  }
}
