import { type IssuanceStore, type Issuer, openIssuer } from 'renkei';
import { beforeAll, describe, expect, it } from 'vitest';
import { syntheticResidents } from '../support/residents.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../support/software-issuer.js';
import { withCode } from '../support/with-code.js';

const request = () => ({ acquisitionNumbers: ['X'], residents: syntheticResidents(80, 0, 1) });

type Call = (issuer: Issuer, code: string, signal: AbortSignal) => Promise<unknown>;

const CALLS: Readonly<Record<string, Call>> = {
  issueBatch: (issuer, _, signal) => issuer.issueBatch('A1', request(), { signal }),
  issueAll: (issuer, _, signal) => issuer.issueAll('A1', [request()], { signal }).next(),
  translate: (issuer, code, signal) => issuer.translate([code], { from: 'A1', to: 'B2', signal }),
  recordCodes: (issuer, code, signal) => issuer.recordCodes([code], { from: 'A1', period: '2026', signal }),
  changeResidentRecordCodes: (issuer, _, signal) => {
    const changes = { old: syntheticResidents(80, 5, 1), new: syntheticResidents(80, 6, 1) };
    return issuer.changeResidentRecordCodes(changes, { signal });
  },
  removePersons: (issuer, _, signal) => issuer.removePersons(syntheticResidents(80, 7, 1), { signal }),
  holders: (issuer, code, signal) => issuer.holders([code], { from: 'A1', signal }),
  managementInformation: (issuer, code, signal) =>
    issuer.managementInformation([code], { from: 'A1', signal }),
  statistics: (issuer, _, signal) => issuer.statistics({ signal }),
  checkStore: (issuer, _, signal) => issuer.checkStore({ signal }),
};

/** A store in front of a real one that shows every call's name and last argument before it is made. */
function watched(store: IssuanceStore, see: (name: string, options: unknown) => void): IssuanceStore {
  return new Proxy(store, {
    get: (real, name) => {
      const method = Reflect.get(real, name, real) as (...given: unknown[]) => unknown;
      return async (...given: unknown[]) => {
        see(String(name), given.at(-1));
        return method.apply(real, given);
      };
    },
  });
}

describe('the caller’s AbortSignal', () => {
  let world: SoftwareIssuer;
  let code: string;
  beforeAll(async () => {
    world = await openSoftwareIssuer();
    await world.issuer.registerRecordPeriod('2026');
    const [item] = await world.issuer.issueBatch('A1', request());
    code = (item as { code: string }).code;
  });

  it.each(Object.entries(CALLS))('of %s reaches every call of the store', async (_, call) => {
    const { signal } = new AbortController();
    const seen: [string, unknown][] = [];
    let opened = false;
    const store = watched(world.store, (name, options) => {
      if (opened) seen.push([name, (options as { signal?: unknown } | undefined)?.signal]);
    });
    const issuer = await openIssuer({ vault: world.vault, store });
    opened = true;
    await call(issuer, code, signal);
    expect(seen.length).toBeGreaterThan(0);
    for (const [name, given] of seen) expect(given, name).toBe(signal);
  });

  it.each(['issueBatch', 'issueAll', 'changeResidentRecordCodes', 'removePersons'])(
    'of %s, given while the store is about to write, ends with ABORTED, and nothing is stored',
    async (name) => {
      const before = await world.store.count();
      const giveUp = new AbortController();
      const store = watched(world.store, (method) => {
        if (['issue', 'change', 'remove'].includes(method)) giveUp.abort();
      });
      const issuer = await openIssuer({ vault: world.vault, store });
      await expect(CALLS[name]?.(issuer, code, giveUp.signal)).rejects.toThrow(withCode('ABORTED'));
      expect(giveUp.signal.aborted).toBe(true);
      expect(await world.store.count()).toEqual(before);
    },
  );
});
