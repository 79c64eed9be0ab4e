import { createHash } from 'node:crypto';
import type { MappingEffect, MappingEffects } from './mapping-effect.js';
import type { MappingDifference } from './mapping-wish.js';
import type { StandingProfile } from './standing-profile.js';

export interface PreviewSummary {
  /** People, not roles: somebody may gain one role and lose another. */
  readonly gains: number;
  readonly loses: number;
  readonly unchanged: number;
  /** Of those who lose: who may use an application then no more, or not sign in at all. */
  readonly loseAccess: number;
  /** Owners of the tenant, by mapping or assignment. */
  readonly owners: { readonly before: number; readonly after: number };
}

/** Mappings by a name come to mean another group: ids of the one and of the other. */
export interface NameMove {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What a change does to a person. */
export type PersonEffect = Pick<MappingEffect, 'gains' | 'loses' | 'gainsAccess' | 'losesAccess'>;

export interface TallyResult extends PreviewSummary {
  /** Another one as soon as it would do something else to anybody. */
  readonly version: string;
  /** How many lose must be said when it is applied: they are many. */
  readonly needsConfirmation: boolean;
  /** Why nobody may apply it; null: nothing is in the way. */
  readonly blocked: 'last_owner' | null;
  /** What happens to the caller's own roles; null: a machine, or somebody of another tenant. */
  readonly self: Pick<MappingEffect, 'gains' | 'loses'> | null;
}

/** More than so many people, or so much of all, are not taken from by mistake. */
const LOSERS_MAX = 50;
const LOSERS_SHARE_MAX = 0.2;
const OWNER = 'console:owner';

/** Adds up what a change does to whom. */
export class PreviewTally {
  readonly #effects = new Map<string, MappingEffect>();
  /** People of each effect: how many, and a mark of who. */
  readonly #marks = new Map<string, { people: number; mark: bigint }>();
  #people = 0;
  #gains = 0;
  #loses = 0;
  #touched = 0;
  #loseAccess = 0;
  #owners = { before: 0, after: 0 };
  /** Of those, who could sign in to the console now. */
  #comingOwners = { before: 0, after: 0 };
  #self: MappingEffect | null = null;

  constructor(private readonly effects: MappingEffects) {}

  add(profile: StandingProfile): void {
    const effect = this.effects.of(profile);
    const { people } = profile;
    const gains = effect.gains.length + effect.gainsAccess.length > 0;
    const loses = effect.loses.length + effect.losesAccess.length > 0;
    this.#people += people;
    if (profile.self) this.#self = effect;
    for (const when of ['before', 'after'] as const) {
      if (!effect.console[when].includes(OWNER)) continue;
      this.#owners[when] += people;
      if (this.effects.comesIn(profile)) this.#comingOwners[when] += people;
    }
    if (!gains && !loses) return;
    this.#touched += people;
    if (gains) this.#gains += people;
    if (loses) this.#loses += people;
    if (effect.losesAccess.length > 0) this.#loseAccess += people;
    this.#effects.set(profile.key, effect);
    const text = JSON.stringify([effect.gains, effect.loses, effect.gainsAccess, effect.losesAccess]);
    const known = this.#marks.get(text) ?? { people: 0, mark: 0n };
    this.#marks.set(text, { people: known.people + people, mark: known.mark ^ profile.mark });
  }

  keysOf(who: 'gains' | 'loses'): readonly string[] {
    const access = who === 'gains' ? ('gainsAccess' as const) : ('losesAccess' as const);
    return [...this.#effects]
      .filter(([, effect]) => effect[who].length + effect[access].length > 0)
      .map(([key]) => key);
  }

  effectOn(profile: string): PersonEffect {
    const effect = this.#effects.get(profile);
    if (effect === undefined) throw new TypeError('a person was listed whom the change does nothing to');
    const { gains, loses, gainsAccess, losesAccess } = effect;
    return { gains, loses, gainsAccess, losesAccess };
  }

  /** @param change what is done, which the version is of as well */
  result(change: MappingDifference | NameMove): TallyResult {
    const self = this.#self;
    const owners = { ...this.#owners };
    const coming = this.#comingOwners;
    return {
      gains: this.#gains,
      loses: this.#loses,
      unchanged: this.#people - this.#touched,
      loseAccess: this.#loseAccess,
      owners,
      needsConfirmation: this.#loses > LOSERS_MAX || this.#loses > LOSERS_SHARE_MAX * this.#people,
      blocked: coming.before > 0 && coming.after === 0 ? 'last_owner' : null,
      self: self === null ? null : { gains: self.gains, loses: self.loses },
      version: this.#version(change),
    };
  }

  /** Begins with the counts, so that a stale one can say how much has changed. */
  #version(change: MappingDifference | NameMove): string {
    const marks = [...this.#marks].map(([text, { people, mark }]) => `${text} ${people} ${mark}`).toSorted();
    const content = JSON.stringify([change, ...marks]);
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
    return `${this.#gains}-${this.#loses}-${hash}`;
  }
}
