/** An object in front of a vault or a store, which writes down the calls and fails them when told to. */
export interface StandIn<T> {
  readonly object: T;
  /** Names of the methods called, in order. */
  readonly calls: string[];
  /** Makes every later call of this method, or of all, throw; `undefined` mends it again. */
  fail(error: unknown, method?: keyof T): void;
  /** Runs before every call; what it throws, the call throws; what it waits for, the call waits for. */
  before: (method: keyof T) => void | Promise<void>;
}

/** Puts a stand-in in front of a real object, to count its calls and to inject faults. */
export function standIn<T extends object>(real: T): StandIn<T> {
  const calls: string[] = [];
  let fault: { readonly error: unknown; readonly method: keyof T | undefined } | undefined;
  const object = new Proxy(real, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        calls.push(String(name));
        await standing.before(name as keyof T);
        if (fault !== undefined && (fault.method === undefined || fault.method === name)) throw fault.error;
        return Reflect.apply(method, target, args);
      };
    },
  });
  const standing: StandIn<T> = {
    object,
    calls,
    fail(error, method) {
      fault = error === undefined ? undefined : { error, method };
    },
    before: () => undefined,
  };
  return standing;
}
