import type { OrgClock } from './clock.js';

const SWEEP_EVERY = 1_000;

/** Values that die after a while by the org's clock: sessions, codes, tokens, used `jti`s. */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, { readonly value: V; expiresAt: number }>();
  readonly #clock: OrgClock;
  #writes = 0;

  constructor(clock: OrgClock) {
    this.#clock = clock;
  }

  set(key: string, value: V, ttlSeconds: number): void {
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) this.#sweep();
    this.#entries.set(key, { value, expiresAt: this.#clock.now() + ttlSeconds });
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAt <= this.#clock.now()) return undefined;
    return entry.value;
  }

  /** Reads and removes in one step: what is taken once can't be taken again. */
  take(key: string): V | undefined {
    const value = this.get(key);
    this.#entries.delete(key);
    return value;
  }

  /** Lets the entry live for another `ttlSeconds`. */
  touch(key: string, ttlSeconds: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.expiresAt = this.#clock.now() + ttlSeconds;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key);
  }

  values(): V[] {
    return [...this.#entries.keys()].flatMap((key) => this.get(key) ?? []);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key);
  }
}
