import type { OrgClock } from '../clock.js';
import { entriesOf } from '../entries.js';
import { ANSWER_FAULTS, answerFailure, type AnswerFailureId } from './answers.js';
import { keyFailures, metadataFailures } from './documents.js';
import { claimFailures } from './id-token.js';
import { formFailures } from './id-token-form.js';
import { otherFailures, responseFailures, tokenFailures } from './protocol.js';
import { requestFailures } from './requests.js';
import { ENDPOINTS, type Effect, type EffectKind, type Endpoint, type Failure } from './types.js';

const NAMED = {
  ...claimFailures,
  ...formFailures,
  ...metadataFailures,
  ...keyFailures,
  ...responseFailures,
  ...tokenFailures,
  ...requestFailures,
  ...otherFailures,
} as const;

export type FailureId = keyof typeof NAMED | AnswerFailureId;

/** Every way in which an org can go wrong: what the control page lists and what tests ask for by id. */
export const FAILURES: ReadonlyMap<FailureId, Failure> = new Map<FailureId, Failure>([
  ...entriesOf<keyof typeof NAMED, Failure>(NAMED),
  ...ENDPOINTS.flatMap((endpoint) =>
    entriesOf(ANSWER_FAULTS).map(([id]): [FailureId, Failure] => [
      `${endpoint}.${id}`,
      answerFailure(endpoint, id),
    ]),
  ),
]);

export function isFailureId(text: string): text is FailureId {
  const ids: ReadonlyMap<string, Failure> = FAILURES;
  return ids.has(text);
}

export interface FailureOptions {
  /** How many requests it spoils before it heals by itself; left out: until it is healed. */
  readonly times?: number;
  /** What to use instead of the table's value: a host to lead to, a number of seconds. */
  readonly value?: string;
}

export interface ActiveFailure {
  readonly id: FailureId;
  readonly failure: Failure;
  readonly value: string;
  /** Requests that it will still spoil; Infinity: until healed. */
  left: number;
}

type EffectOf<K extends EffectKind> = Extract<Effect, { readonly kind: K }>;

function isOfKind<K extends EffectKind>(effect: Effect, kind: K): effect is EffectOf<K> {
  return effect.kind === kind;
}

interface Taken<K extends EffectKind> {
  readonly id: FailureId;
  readonly effect: EffectOf<K>;
  readonly value: string;
}

/** What is wrong with an org just now. */
export class ActiveFailures {
  readonly #active = new Map<FailureId, ActiveFailure>();
  readonly #clock: OrgClock;

  constructor(clock: OrgClock) {
    this.#clock = clock;
  }

  /** @throws Error when no failure has that id, or `times` isn't a positive whole number */
  set(id: FailureId, options: FailureOptions = {}): void {
    const failure = FAILURES.get(id);
    if (failure === undefined) throw new Error(`no failure is called ${id}`);
    const left = options.times ?? Infinity;
    if (left !== Infinity && !(Number.isInteger(left) && left > 0)) throw new Error(`times: ${left}`);
    const value = options.value ?? failure.value?.default ?? '';
    this.#active.set(id, { id, failure, value, left });
    if (failure.effect.kind === 'clock') this.#clock.skew(Number(value));
  }

  /** Ends one failure, or all. */
  heal(id?: FailureId): void {
    const healed = id === undefined ? [...this.#active.values()] : [this.#active.get(id)];
    for (const active of healed) {
      if (active === undefined) continue;
      this.#active.delete(active.id);
      if (active.failure.effect.kind === 'clock') this.#clock.skew(0);
    }
  }

  list(): ActiveFailure[] {
    return [...this.#active.values()];
  }

  /** The effects of one kind (at one endpoint) that spoil this request; each counts as used. */
  take<K extends EffectKind>(kind: K, endpoint?: Endpoint): Taken<K>[] {
    const taken: Taken<K>[] = [];
    for (const active of this.#active.values()) {
      const effect = active.failure.effect;
      if (!isOfKind(effect, kind) || ('endpoint' in effect && effect.endpoint !== endpoint)) continue;
      taken.push({ id: active.id, effect, value: active.value });
      active.left -= 1;
      if (active.left <= 0) this.#active.delete(active.id);
    }
    return taken;
  }
}
