import { describe, expect, it } from 'vitest';
import { ModuleReference } from '../../../src/vault/pkcs11/module-registry.js';
import { withCode } from '../../support/with-code.js';

const started = (initialisedHere: boolean) => async () => ({ initialisedHere });

/** Says, of one release, whether the module was to be finalised. */
async function release(reference: ModuleReference): Promise<boolean> {
  let finalized: boolean | undefined;
  await reference.release(async (finalize) => {
    finalized = finalize;
  });
  if (finalized === undefined) throw new Error('was not stopped');
  return finalized;
}

describe('the last user of a module finalises it', () => {
  it('and nobody before', async () => {
    const first = await ModuleReference.acquire('/module/a', undefined, started(true));
    const second = await ModuleReference.acquire('/module/a', undefined, started(false));
    expect(await release(first)).toBe(false);
    expect(await release(second)).toBe(true);
    const again = await ModuleReference.acquire('/module/a', undefined, started(true));
    expect(await release(again)).toBe(true);
  });

  it('unless somebody else had initialised it', async () => {
    const only = await ModuleReference.acquire('/module/b', undefined, started(false));
    expect(await release(only)).toBe(false);
  });

  it('and modules are counted apart', async () => {
    const c = await ModuleReference.acquire('/module/c', undefined, started(true));
    const d = await ModuleReference.acquire('/module/d', undefined, started(true));
    expect(await release(c)).toBe(true);
    expect(await release(d)).toBe(true);
  });
});

it('a start that fails counts nobody in, and those after it are served', async () => {
  const failing = ModuleReference.acquire('/module/e', undefined, () =>
    Promise.reject(new Error('no such file')),
  );
  const next = ModuleReference.acquire('/module/e', undefined, started(true));
  await expect(failing).rejects.toThrow('no such file');
  expect(await release(await next)).toBe(true);
});

it('a stop that fails has counted its user out all the same', async () => {
  const first = await ModuleReference.acquire('/module/f', undefined, started(true));
  const second = await ModuleReference.acquire('/module/f', undefined, started(false));
  await expect(first.release(() => Promise.reject(new Error('session gone')))).rejects.toThrow(
    'session gone',
  );
  expect(await release(second)).toBe(true);
});

it('openings and closings of one module wait for each other', async () => {
  const order: string[] = [];
  const slowly = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise(setImmediate);
    order.push(`${name} ends`);
    return { initialisedHere: false };
  };
  const first = await ModuleReference.acquire('/module/g', undefined, slowly('a'));
  const closing = first.release(async () => void (await slowly('b')()));
  const opening = ModuleReference.acquire('/module/g', undefined, slowly('c'));
  await Promise.all([closing, opening]);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('a module in use is not opened with other parameters; an unused one is', async () => {
  const first = await ModuleReference.acquire('/module/h', 'one', started(true));
  await expect(ModuleReference.acquire('/module/h', 'two', started(false))).rejects.toThrow(
    withCode('OPTION_INVALID', { message: /libraryParameters/ }),
  );
  await release(first);
  const second = await ModuleReference.acquire('/module/h', 'two', started(true));
  expect(await release(second)).toBe(true);
});
