import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import { isRefusal, type Attempt, type Delivery, type Receiver } from '../domain/delivery/delivery.js';
import { mintLogoutToken } from '../keys/logout-token.js';
import type { PrivateJwk } from '../keys/signing-keys.js';
import { OutboundError } from '../outbound/error.js';
import type { Lane, Outbound } from '../outbound/outbound.js';

/** Where an application takes logout tokens, and who signs them. */
export interface LogoutEndpoint {
  readonly kind: 'logout';
  readonly uri: string;
  /** The tenant's issuer. */
  readonly issuer: string;
  readonly key: PrivateJwk;
}

export interface TellLogoutDeps {
  readonly outbound: Outbound;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** How long an application may take to answer. */
export const ANSWER_MS = 5_000;

/** Its own lane for each application, so that what one of them does costs no other. */
const laneOf = ({ tenantId, clientId }: Receiver): Lane => ({
  name: `logout:${tenantId}:${clientId}`,
  deadlineMs: ANSWER_MS,
});

/** One attempt to tell an application that a session has ended (Back-Channel Logout 1.0 sections 2.5, 2.8). */
export async function tellLogout(
  deps: TellLogoutDeps,
  receiver: Receiver,
  endpoint: LogoutEndpoint,
  { subject, payload }: Delivery,
): Promise<Attempt> {
  const { sid } = payload;
  if (typeof sid !== 'string') throw new TypeError('a delivery of a logout has no sid');
  const claims = { issuer: endpoint.issuer, audience: receiver.clientId, subject, sid };
  const token = await mintLogoutToken(endpoint.key, claims, deps);
  try {
    const { status } = await deps.outbound.request({
      lane: laneOf(receiver),
      url: endpoint.uri,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    return meaningOf(status);
  } catch (error) {
    if (error instanceof OutboundError) return { outcome: 'failed', error: error.reason };
    throw error;
  }
}

function meaningOf(status: number): Attempt {
  if (status === 200 || status === 204) return { outcome: 'delivered' };
  const error = `http_${status}`;
  return { outcome: isRefusal(error) ? 'refused' : 'failed', error };
}
