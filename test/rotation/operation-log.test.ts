import { openRotations, RenkeiError } from 'renkei';
import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { receiptDigest } from '../../src/rotation/receipts.js';
import { RecordingLog } from '../support/recording-log.js';
import { openRotationWorld } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { withCode } from '../support/with-code.js';

const { path } = makeScratchFolder();

async function loggedWorld() {
  const world = await openRotationWorld({ people: 12 });
  const { vault, store } = world;
  const log = new RecordingLog();
  const rotations = await openRotations({ vault, store, auditKey: 'audit/1', log });
  return { ...world, log, rotations };
}

describe('the operation log of rotations', () => {
  test('has every step before it happens and after, with the digest of its receipt', async () => {
    const { rotations, log, vault } = await loggedWorld();
    const folder = path('steps');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await rotation.work({ folder });
    const receipts = [
      await rotation.verify({ folder }),
      await rotation.switch({ folder, graceMs: 0 }),
      await rotation.retire(),
      await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }),
    ];
    expect(log.drafts.slice(0, 2)).toEqual([
      { event: 'rotation.begin.begun', details: { kind: 'institution', institution: 'A1' } },
      { event: 'rotation.begin.done', details: { begun: 0, rotation: 1 } },
    ]);
    const steps = ['verify', 'switch', 'retire', 'destroy'];
    expect(log.events.slice(2)).toEqual(
      steps.flatMap((step) => [`rotation.${step}.begun`, `rotation.${step}.done`]),
    );
    for (const [k, step] of steps.entries()) {
      expect(log.details(`rotation.${step}.done`)).toEqual({
        begun: 2 + 2 * k,
        rotation: 1,
        receipt: receiptDigest(receipts[k] as string),
      });
    }
    expect(log.details('rotation.destroy.begun')).toEqual({
      rotation: 1,
      keys: ['institution/A1/1'],
      fingerprints: [expect.stringMatching(/^[0-9a-f]{16}$/)],
    });
  });

  test.each(['begin', 'pause', 'resume', 'verify', 'switch', 'retire', 'destroy', 'abort'])(
    'no %s happens that cannot be written down before; again it does, and gives what it gave',
    async (step) => {
      const { rotations, log, vault, store } = await loggedWorld();
      const folder = path(`fails-${step}`);
      const fail = (end: string) => {
        log.faultOf = ({ event }) =>
          event === `rotation.${step}.${end}` ? new RenkeiError('STORE_FAULT', 'injected') : undefined;
      };
      const steps = {
        begin: () => rotations.begin({ kind: 'institution', institution: 'A1' }),
        pause: async () => (await rotations.get(1)).pause(),
        resume: async () => (await rotations.get(1)).resume(),
        verify: async () => {
          const rotation = await rotations.get(1);
          await rotation.work({ folder });
          return rotation.verify({ folder });
        },
        switch: async () => (await rotations.get(1)).switch({ folder, graceMs: 0 }),
        retire: async () => (await rotations.get(1)).retire(),
        destroy: async () => (await rotations.get(1)).destroy({ destroyer: softwareKeyDestroyer(vault) }),
        abort: async () => (await rotations.get(1)).abort(),
      };
      for (const [name, run] of Object.entries(steps)) {
        if (name === step) break;
        if (step !== 'abort' || name === 'begin') await run();
      }
      const status = async () => (await store.rotations()).map((rotation) => rotation.status);
      const before = await status();
      fail('begun');
      const run = steps[step as keyof typeof steps];
      await expect(run()).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
      expect(await status()).toEqual(before);
      fail('done');
      await expect(run()).rejects.toThrow(withCode('STORE_FAULT'));
      const after = await status();
      expect(after).not.toEqual(before);
      if (step === 'begin') return;
      log.faultOf = () => undefined;
      await run();
      expect(await status()).toEqual(after);
      expect(log.events.at(-1)).toBe(`rotation.${step}.done`);
    },
  );
});
