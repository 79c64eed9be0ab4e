import type { Static } from 'typebox';
import type { DeadLetterTarget, DeliveryState } from '../../domain/delivery/delivery-list.js';
import { DeliveryResource, RetriedDeliveries } from '../../management/contract/deliveries.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';

/** What applications of a tenant were told, newest first. */
export async function remoteDeliveries(
  api: RemoteApi,
  slug: string | undefined,
  query: { readonly application: string | undefined; readonly state: DeliveryState | undefined },
  limit: number,
): Promise<{ readonly items: readonly Static<typeof DeliveryResource>[]; readonly isMore: boolean }> {
  const tenant = await remoteTenant(api, slug);
  return api.list(DeliveryResource, pathOf('tenants', tenant, 'deliveries'), { query, limit });
}

/** Puts dead letters back. @returns how many there were */
export async function retryRemotely(
  api: RemoteApi,
  slug: string | undefined,
  target: DeadLetterTarget,
): Promise<number> {
  const path = pathOf('tenants', await remoteTenant(api, slug), 'deliveries', 'retry');
  const body = target === 'all' ? { all: true } : target;
  let retried = 0;
  let isMore: boolean;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a thousand at a time
    const answer = await api.post(RetriedDeliveries, path, { body });
    retried += answer.retried;
    ({ isMore } = answer);
  } while (isMore);
  return retried;
}
