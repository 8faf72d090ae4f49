import { setImmediate as turn } from 'node:timers/promises';
import { type IssuanceStore, type Issuer, openIssuer, RenkeiError } from 'renkei';
import type { Dice } from '../crash/dice.js';
import { openStore, type StorePlace } from '../crash/places.js';
import { readPairs } from './outcome.js';
import {
  codeOf,
  holds,
  INSTITUTIONS,
  type Institution,
  isKnown,
  openVault,
  type RoundKind,
  residentText,
  rootOf,
} from './population.js';

/** What serving came to. */
export interface ServingResult {
  /** Requests that were answered. */
  readonly requests: number;
  /** Those of them that had to be made again, because keys were switched meanwhile. */
  readonly askedAgain: number;
  readonly findings: readonly string[];
}

/** Number of the first person of those who come while a rotation is under way. */
const NEWCOMERS = 2_000_000;
const PATIENCE = 20;

interface Served {
  readonly number: number;
  readonly institutions: Set<Institution>;
  /** Those whose first code for the person was under the new key: there is no old one to be replaced. */
  readonly late: Set<Institution>;
}

/**
 * An issuer that serves while a rotation runs: it issues to new people and translates codes of all that it knows, one
 * request after the other, and holds every answer against the reference.
 */
export class Serving {
  readonly #store: IssuanceStore;
  readonly #issuer: Issuer;
  readonly #kind: RoundKind;
  readonly #dice: Dice;
  /** People who were there when serving began. */
  readonly #initial: number;
  readonly #people: Served[] = [];
  /** The version last handed out to an institution: it never goes back. */
  readonly #latest = new Map<Institution, number>(INSTITUTIONS.map((institution) => [institution, 1]));
  readonly #findings: string[] = [];
  #next = NEWCOMERS;
  #requests = 0;
  #askedAgain = 0;
  #over = false;
  #served: Promise<void> = Promise.resolve();

  private constructor(store: IssuanceStore, issuer: Issuer, kind: RoundKind, people: number, dice: Dice) {
    this.#store = store;
    this.#issuer = issuer;
    this.#kind = kind;
    this.#initial = people;
    this.#dice = dice;
  }

  /** Begins to serve, until {@link Serving.end}. @param people people in the store */
  static async start(place: StorePlace, kind: RoundKind, people: number, dice: Dice): Promise<Serving> {
    const store = await openStore(place);
    const serving = new Serving(
      store,
      await openIssuer({ vault: await openVault(), store }),
      kind,
      people,
      dice,
    );
    for (let number = 0; number < people; number++) {
      if (!isKnown(number)) continue;
      const institutions = INSTITUTIONS.filter((institution) => holds(institution, number));
      serving.#people.push({ number, institutions: new Set(institutions), late: new Set() });
    }
    serving.#served = serving.#serve();
    return serving;
  }

  /** Ends serving once the rotation is retired: then everybody is asked for, and the deliveries are held to account. */
  async end(folder: string, rotation: number): Promise<ServingResult> {
    this.#over = true;
    try {
      await this.#served;
      for (const person of this.#people) await this.#translate(person);
      await this.#holdDeliveries(folder, rotation);
      for (const { invariant, rows } of await this.#store.check())
        this.#findings.push(`fsck: ${invariant} in ${rows} rows`);
    } finally {
      await this.#store.close();
    }
    return { requests: this.#requests, askedAgain: this.#askedAgain, findings: this.#findings };
  }

  async #serve(): Promise<void> {
    while (!this.#over) {
      if (this.#dice.chance(0.3)) await this.#issue();
      else await this.#translate(this.#dice.oneOf(this.#people));
      // The children of the same process are to be heard too.
      await turn();
    }
  }

  async #issue(): Promise<void> {
    const institution = this.#dice.oneOf(INSTITUTIONS);
    const person = this.#dice.chance(0.7)
      ? { number: this.#next++, institutions: new Set<Institution>(), late: new Set<Institution>() }
      : this.#dice.oneOf(this.#people);
    const isNew = !person.institutions.has(institution);
    const [item] = await this.#untilAnswered(() =>
      this.#issuer.issueBatch(
        institution,
        { acquisitionNumbers: ['S1'], residents: [residentText(person.number)] },
        { reissue: true },
      ),
    );
    if (person.institutions.size === 0) this.#people.push(person);
    person.institutions.add(institution);
    const status = item?.status ?? 'nothing';
    if (status !== (isNew ? 'issued' : 'already-issued')) {
      this.#findings.push(`person ${person.number} was ${status} a code at ${institution}`);
    } else if (item !== undefined && item.status !== 'refused') {
      this.#hold(person.number, institution, item.code);
      if (isNew && this.#latest.get(institution) === 2) person.late.add(institution);
    }
  }

  async #translate(person: Served): Promise<void> {
    const [from] = person.institutions;
    if (from === undefined) return;
    const to = this.#dice.oneOf(INSTITUTIONS);
    // A code that was never handed out is refused, however right it is.
    const first = person.late.has(from) ? 2 : 1;
    const version = first + this.#dice.below((this.#latest.get(from) as number) - first + 1);
    const text = this.#textOf(person.number, from, version);
    const [item] = await this.#untilAnswered(() => this.#issuer.translate([text], { from, to }));
    if (item?.status === 'refused' && item.error === 'CODE_VERSION_RETIRED' && version === 1) {
      const rotations = await this.#store.rotations();
      if (!rotations.some(({ status }) => status === 'retiring' || status === 'retired'))
        this.#findings.push(`a code of ${from}/1 was refused before its time`);
    } else if (item?.status === 'translated') {
      if (!person.institutions.has(to)) this.#findings.push(`a code at ${to} that nobody was issued`);
      this.#hold(person.number, to, item.code);
    } else if (item?.status !== 'not-held' || person.institutions.has(to)) {
      const what = item?.status === 'refused' ? item.error : (item?.status ?? 'nothing');
      this.#findings.push(`a code of ${from}/${version} was answered ${what} for ${to}`);
    }
  }

  /** Holds a text against the reference, at the version it names. */
  #hold(number: number, institution: Institution, text: string | undefined): void {
    const latest = this.#latest.get(institution) as number;
    for (let version = latest; version <= 2; version++) {
      if (text !== this.#textOf(number, institution, version)) continue;
      this.#latest.set(institution, version);
      return;
    }
    this.#findings.push(`a wrong code of person ${number} at ${institution}`);
  }

  #textOf(number: number, institution: Institution, version: number): string {
    const generation = this.#kind === 'list' || this.#kind === 'generation' ? version : 1;
    return codeOf(rootOf(number, this.#initial, this.#kind, generation), institution, version, generation);
  }

  async #untilAnswered<T>(request: () => Promise<T>): Promise<T> {
    this.#requests++;
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof RenkeiError) || !error.retryable || attempt === PATIENCE) throw error;
        this.#askedAgain++;
      }
    }
  }

  /** Everybody whose codes were replaced is in a delivery, with the code that the reference makes. */
  async #holdDeliveries(folder: string, rotation: number): Promise<void> {
    if (this.#kind === 'store') return;
    const delivered = new Map<string, string>();
    for await (const [old, successor] of readPairs(this.#store, folder, rotation))
      delivered.set(old, successor);
    const rotated = this.#kind === 'institution' ? (['A1'] as const) : INSTITUTIONS;
    for (const { number, institutions, late } of this.#people) {
      for (const institution of rotated) {
        if (!institutions.has(institution) || late.has(institution)) continue;
        const successor = delivered.get(this.#textOf(number, institution, 1));
        if (successor !== this.#textOf(number, institution, 2))
          this.#findings.push(`the delivery for ${institution} lacks person ${number}, or names another`);
      }
    }
  }
}
