import type { PKCS11 } from 'pkcs11js';

/** A PKCS#11 module made up of the functions a test gives, to inject faults. Any other function fails the test. */
export interface StandInModule {
  readonly module: PKCS11;
  /** Names of the functions called, in order. */
  readonly calls: string[];
}

type Functions = { readonly [N in keyof PKCS11]?: (...given: never[]) => unknown };

/** Makes a stand-in. With `real`, functions that are not given are those of a real module. */
export function standInModule(functions: Functions, real?: PKCS11): StandInModule {
  const calls: string[] = [];
  const module = new Proxy({} as PKCS11, {
    get(_, name: string) {
      const own = functions[name as keyof PKCS11] as ((...given: unknown[]) => unknown) | undefined;
      const fallback = real?.[name as keyof PKCS11] as ((...given: unknown[]) => unknown) | undefined;
      return (...given: unknown[]) => {
        calls.push(name);
        if (own !== undefined) return own(...given);
        if (fallback !== undefined) return fallback.apply(real, given);
        throw new TypeError(`the stand-in has no ${name}`);
      };
    },
  });
  return { module, calls };
}

/** An error as pkcs11js throws it. */
export function ckr(name: string, code: number): Error {
  return Object.assign(new Error(name), { name: 'Pkcs11Error', code, method: '' });
}
