import type { Clock } from '../../core/clock.js';
import type { Ids } from '../../core/ids.js';
import type { DeadLetterTarget, DeliveryListStore } from '../../domain/delivery/delivery-list.js';
import {
  RETRIED_MAX,
  retryDeadLetters,
  type RetryDeadLettersDeps,
} from '../../domain/delivery/retry-dead-letters.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listOf } from '../contract/common.js';
import {
  DeliveryListQuery,
  DeliveryResource,
  RetriedDeliveries,
  RetryDeliveries,
} from '../contract/deliveries.js';
import { answerPage } from './answer-page.js';

export interface DeliveryDeps extends Omit<RetryDeadLettersDeps, 'auditTools' | 'deliveries'> {
  readonly transactions: TenantTransactions;
  readonly deliveries: DeliveryListStore;
  readonly auditTools: { readonly ids: Ids; readonly clock: Clock };
}

/** What applications are told, and what never reached them (F-23). */
export function deliveryOperations(deps: DeliveryDeps): readonly Operation[] {
  return [
    operation({
      id: 'listDeliveries',
      method: 'GET',
      path: '/tenants/{tenant}/deliveries',
      summary: 'Lists deliveries to applications, newest first, while they are kept',
      permission: 'deliveries.read',
      query: DeliveryListQuery,
      list: true,
      answer: named('DeliveryPage', listOf(DeliveryResource)),
      handle(call, { query }) {
        const { application, state, subject } = query;
        const read = (page: Parameters<DeliveryListStore['page']>[1]) =>
          deps.deliveries.page(call.tenant.id, { application, state, subject, ...page });
        return answerPage(call, 'deliveries', query, read, (delivery) => delivery);
      },
    }),
    operation({
      id: 'retryDeliveries',
      method: 'POST',
      path: '/tenants/{tenant}/deliveries/retry',
      summary: 'Sends dead letters again, a thousand at a time',
      permission: 'deliveries.manage',
      body: named('RetryDeliveries', RetryDeliveries),
      answer: named('RetriedDeliveries', RetriedDeliveries),
      async handle(call, { body }) {
        const request = { target: targetOf(body), actor: call.caller.actor, origin: call.origin };
        const tools = { ...deps, auditTools: { ...deps.auditTools, vault: call.tenant.vault } };
        const retried = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          retryDeadLetters(tools, scope, request),
        );
        return { body: { retried, isMore: retried === RETRIED_MAX } };
      },
    }),
  ];
}

function targetOf({
  id,
  application,
}: {
  readonly id?: string;
  readonly application?: string;
}): DeadLetterTarget {
  if (id !== undefined) return { id };
  return application === undefined ? 'all' : { application };
}
