import type { TenantId } from '../../core/ids.js';

/** Whom to tell: an application of a tenant. */
export interface Receiver {
  readonly tenantId: TenantId;
  /** The tenant's slug. */
  readonly tenant: string;
  readonly clientId: string;
}

/** One thing to tell a receiver: that a session, which it knows as `sid`, has ended. Never a token. */
export interface Delivery {
  readonly id: string;
  /** The person whose session it was: the `sub` of their tokens. */
  readonly subject: string;
  readonly sid: string;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** Why the last attempt failed: a reason of the outbound client, or `http_<status>`. */
  readonly lastError: string | null;
}

/** Deliveries to one receiver, oldest first, for whoever has the receiver's lease. */
export interface Batch {
  readonly receiver: Receiver;
  readonly lease: string;
  readonly deliveries: readonly Delivery[];
}

/**
 * How an attempt ended. `refused`: the receiver is there and doesn't take this one; `failed`: nothing can be delivered
 * to it now; `no_endpoint`: it has no address for this, or is gone.
 */
export type Attempt =
  | { readonly outcome: 'delivered' | 'no_endpoint' }
  | { readonly outcome: 'refused' | 'failed'; readonly error: string };

/** How a delivery ended for good. Dead letters stay longer, for who looks into it. */
export type DeliveryOutcome = 'delivered' | 'no_endpoint' | 'dead';

/** What is still undelivered after this long is given up at its next failure. */
export const DELIVERY_SECONDS_MAX = 86_400;
/** A delivery that its receiver refused so often is given up. */
export const REFUSALS_MAX = 5;

/**
 * Client errors that don't speak of one delivery: nothing is there (a new version is being deployed), it is slow, or it
 * wants to be asked less.
 */
const NOT_NOW: ReadonlySet<string> = new Set(['http_404', 'http_408', 'http_425', 'http_429']);

/** Whether an error means that the receiver is there and doesn't take this one delivery. */
export function isRefusal(error: string): boolean {
  return /^http_[24]\d\d$/.test(error) && !NOT_NOW.has(error);
}

const BACKOFF_SECONDS_MAX = 900;
const JITTER = 0.2;

/**
 * Seconds until the next attempt: from 1 s, doubled with each attempt, up to 15 min, each time 20 % more or less so that
 * what failed together doesn't come back together.
 * @param attempts so far, at least 1
 * @param random from 0 up to 1
 */
export function backoffSeconds(attempts: number, random: number): number {
  const seconds = Math.min(BACKOFF_SECONDS_MAX, 2 ** Math.min(attempts - 1, 30));
  return seconds * (1 - JITTER + 2 * JITTER * random);
}
