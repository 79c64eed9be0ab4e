import type { TenantId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';

/** What a receiver is told: that sessions have ended, or that devices have signed in. */
export type DeliveryKind = 'logout' | 'device';

/** Whom to tell what: an application of a tenant. Each kind has a lease of its own, so that neither delays the other. */
export interface Receiver {
  readonly kind: DeliveryKind;
  readonly tenantId: TenantId;
  /** The tenant's slug. */
  readonly tenant: string;
  readonly clientId: string;
}

/** What stands before the clientId in the name of a receiver that is told of devices: a clientId has no colon. */
const DEVICE_PREFIX = 'device:';

/** The name that a receiver has in the outbox. */
export const receiverKey = ({ kind, clientId }: Pick<Receiver, 'kind' | 'clientId'>): string =>
  kind === 'device' ? `${DEVICE_PREFIX}${clientId}` : clientId;

/** The receiver of a name in the outbox. */
export function receiverOfKey(key: string): Pick<Receiver, 'kind' | 'clientId'> {
  return key.startsWith(DEVICE_PREFIX)
    ? { kind: 'device', clientId: key.slice(DEVICE_PREFIX.length) }
    : { kind: 'logout', clientId: key };
}

/** The names of all receivers that an application is. */
export const receiverKeysOf = (clientId: string): readonly string[] =>
  (['logout', 'device'] as const).map((kind) => receiverKey({ kind, clientId }));

/** One thing to tell a receiver. Never a token, nor anything personal but the person's id. */
export interface Delivery {
  readonly id: string;
  /** Whom it is about: the `sub` of their tokens. */
  readonly subject: string;
  /** What the receiver's kind needs: the `sid` of the session that ended, or which sign-in it was. */
  readonly payload: JsonObject;
  /** When it happened. */
  readonly at: Date;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** Why the last attempt failed: a reason of the outbound client, or `http_<status>`. */
  readonly lastError: string | null;
}

/** One that is to be made, by the transaction of its cause. */
export interface NewDelivery extends Pick<Delivery, 'id' | 'subject' | 'payload'> {
  readonly receiver: Pick<Receiver, 'kind' | 'clientId'>;
  /** What has happened. */
  readonly topic: 'device.signed_in';
}

/** Deliveries to one receiver, oldest first, for whoever has the receiver's lease. */
export interface Batch {
  readonly receiver: Receiver;
  readonly lease: string;
  readonly deliveries: readonly Delivery[];
}

/**
 * How an attempt ended. `refused`: the receiver is there and doesn't take this one; `failed`: nothing can be delivered
 * to it now; `no_endpoint`: it has no address for this, or is gone; `obsolete`: what it would tell isn't so any more.
 */
export type Attempt =
  | { readonly outcome: 'delivered' | 'no_endpoint' | 'obsolete' }
  | { readonly outcome: 'refused' | 'failed'; readonly error: string };

/** How a delivery ended for good. Dead letters stay longer, for who looks into it. */
export type DeliveryOutcome = 'delivered' | 'no_endpoint' | 'obsolete' | 'dead';

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
