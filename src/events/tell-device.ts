import type { JsonObject } from '../core/json.js';
import type { Attempt, Delivery, Receiver } from '../domain/delivery/delivery.js';
import { isRefusal } from '../domain/delivery/delivery.js';
import { webhookHeaders } from '../keys/webhook-signature.js';
import { OutboundError } from '../outbound/error.js';
import type { Lane } from '../outbound/outbound.js';
import { ANSWER_MS, type TellLogoutDeps } from './tell-logout.js';

/** Where an application is told of devices that have signed in, and what of them. */
export interface DeviceEndpoint {
  readonly kind: 'device';
  readonly uri: string;
  /** `whsec_…` of Standard Webhooks. */
  readonly secret: string;
  /** What is told of a sign-in, as things are now; undefined: nothing, because the person's access has ended since. */
  readonly tellOf: (delivery: Delivery) => Promise<JsonObject | undefined>;
}

/** A lane for each application, apart from that of its logout tokens. */
const laneOf = ({ tenantId, clientId }: Receiver): Lane => ({
  name: `device-webhook:${tenantId}:${clientId}`,
  deadlineMs: ANSWER_MS,
});

/** One attempt to tell an application that somebody has signed in on a device (B8), signed by Standard Webhooks. */
export async function tellDevice(
  deps: TellLogoutDeps,
  receiver: Receiver,
  { uri, secret, tellOf }: DeviceEndpoint,
  delivery: Delivery,
): Promise<Attempt> {
  const data = await tellOf(delivery);
  if (data === undefined) return { outcome: 'obsolete' };
  const body = JSON.stringify({ type: 'device.signed_in', timestamp: delivery.at.toISOString(), data });
  const timestamp = Math.floor(deps.clock.now().getTime() / 1_000);
  try {
    const { status } = await deps.outbound.request({
      lane: laneOf(receiver),
      url: uri,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...webhookHeaders(secret, { id: delivery.id, timestamp, body }),
      },
      body,
    });
    return meaningOf(status);
  } catch (error) {
    if (error instanceof OutboundError) return { outcome: 'failed', error: error.reason };
    throw error;
  }
}

/** Any success will do, as Standard Webhooks has it; a redirect is none. */
function meaningOf(status: number): Attempt {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const error = `http_${status}`;
  return { outcome: isRefusal(error) ? 'refused' : 'failed', error };
}
