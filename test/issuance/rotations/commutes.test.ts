import fc from 'fast-check';
import { createMemoryStore, type Issuer, openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { expect, test } from 'vitest';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import {
  beginGenerationRotation,
  beginInstitutionRotation,
  beginStoreRotation,
  type RotationByHand,
  succeedAll,
} from '../../support/rotation-by-hand.js';
import { KEY_NAMES } from '../../support/software-issuer.js';

const INSTITUTIONS = ['A1', 'B2'] as const;
const NAMES = syntheticResidentTexts(72, 0, 8);
/** Versions and generations that a walk may come to. */
const KEYS = testKeys([...KEY_NAMES, 'link/2', 'store/2']);

type Step =
  | { readonly kind: 'issue'; readonly institution: 'A1' | 'B2'; readonly name: number }
  | { readonly kind: 'change'; readonly name: number; readonly after: number }
  | { readonly kind: 'remove'; readonly name: number }
  | { readonly kind: 'rotate' };

const name = fc.nat(NAMES.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('issue' as const),
      institution: fc.constantFrom(...INSTITUTIONS),
      name,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), name, after: name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'rotate' as const }) },
);

/** What the steps say, but for codes: these differ with the keys. */
async function perform(issuer: Issuer, step: Step): Promise<unknown> {
  const resident = (which: number) => [NAMES[which] as string];
  if (step.kind === 'issue') {
    const request = { acquisitionNumbers: ['X'], residents: resident(step.name) };
    return (await issuer.issueBatch(step.institution, request)).at(0)?.status;
  }
  if (step.kind === 'change') {
    const pair = { old: resident(step.name), new: resident(step.after) };
    return (await issuer.changeResidentRecordCodes(pair)).at(0)?.status;
  }
  if (step.kind === 'remove') return (await issuer.removePersons(resident(step.name))).at(0)?.status;
  return undefined;
}

/** Everybody's translation from A1 to B2, by the name that was asked with. */
async function translations(issuer: Issuer): Promise<unknown[]> {
  const request = { acquisitionNumbers: NAMES.map((_, k) => `N-${k}`), residents: NAMES };
  const a = [...(await issuer.issueBatch('A1', request, { reissue: true }))];
  const b = [...(await issuer.issueBatch('B2', request, { reissue: true }))];
  const codes = (items: typeof a) => items.map((item) => ('code' in item ? (item.code ?? '') : ''));
  const translated = [...(await issuer.translate(codes(a), { from: 'A1', to: 'B2' }))];
  expect(translated.map((item) => item.status === 'translated' && item.code)).toEqual(codes(b));
  const people = [...new Set(codes(a))];
  return [
    a.map(({ status }) => status),
    b.map(({ status }) => status),
    codes(a).map((code) => people.indexOf(code)),
  ];
}

test.each(['institution', 'store', 'generation'] as const)(
  'a rotation of kind %s in the midst of any life changes no answer but the codes themselves',
  async (kind) => {
    const vault = await openSoftwareVault({ keys: KEYS });
    const open = async () => {
      const store = createMemoryStore();
      const issuer = await openIssuer({ vault, store });
      for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
      return { vault, store, issuer };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const [world, undisturbed] = [await open(), await open()];
        let rotation: RotationByHand | undefined;
        const begin = async () => {
          if (kind === 'institution') rotation = await beginInstitutionRotation(world, 'A1', 2);
          else if (kind === 'store') rotation = await beginStoreRotation(world);
          else rotation = await beginGenerationRotation(world, INSTITUTIONS);
        };
        const stages = [
          begin,
          async () => {
            if (kind !== 'institution') await succeedAll(world, kind === 'store' ? 1 : 2);
          },
          () => rotation?.verify(),
          async () => {
            // Whoever came since has a successor from the issuer, or is given one now.
            if (kind !== 'institution') await succeedAll(world, kind === 'store' ? 1 : 2);
            await rotation?.switchOver();
          },
          () => rotation?.beginRetiring(),
          () => rotation?.endRetiring(),
        ];
        for (const taken of steps) {
          if (taken.kind === 'rotate') await stages.shift()?.();
          else expect(await perform(world.issuer, taken)).toBe(await perform(undisturbed.issuer, taken));
          expect(await world.issuer.checkStore()).toEqual([]);
        }
        expect(await translations(world.issuer)).toEqual(await translations(undisturbed.issuer));
      }),
      { numRuns: 60 },
    );
  },
);
