import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';

/** A request too many: `retryAfterSeconds` is whole, because Okta waits five minutes for anything else. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';

  constructor(readonly retryAfterSeconds: number) {
    super(`Too many requests: come back in ${retryAfterSeconds} s.`);
  }
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How many requests may come at once, and how many a second for long. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** One client's fair share: enough for the largest push, too little to starve others (E9). */
export const CLIENT_RATE: Rate = { burst: 3_000, perSecond: 300 };
/** Requests without a good token, of one address. */
export const STRANGER_RATE: Rate = { burst: 600, perSecond: 10 };

const REMEMBERED_MAX = 10_000;

/** A bucket for each name, refilled as time goes by. */
export class RateLimit {
  readonly #buckets = new LRUCache<string, Bucket>({ max: REMEMBERED_MAX });

  constructor(
    private readonly rate: Rate,
    private readonly clock: Clock,
  ) {}

  /** Takes one. Throws TooManyRequests when the bucket is empty. */
  take(name: string): void {
    const nowMs = this.clock.now().getTime();
    const bucket = this.#buckets.get(name) ?? { tokens: this.rate.burst, atMs: nowMs };
    const refilled = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.rate.perSecond;
    bucket.tokens = Math.min(this.rate.burst, refilled);
    bucket.atMs = nowMs;
    this.#buckets.set(name, bucket);
    if (bucket.tokens < 1)
      throw new TooManyRequests(Math.max(1, Math.ceil((1 - bucket.tokens) / this.rate.perSecond)));
    bucket.tokens -= 1;
  }
}
