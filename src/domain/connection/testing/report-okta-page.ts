import { DomainError } from '../../../core/errors.js';
import type { TenantId } from '../../../core/ids.js';
import type { Actor, RequestOrigin } from '../../audit/audit-event.js';
import type { TenantTransactions } from '../../tenant/transactions.js';
import type { ConnectionCause } from '../diagnosis/cause.js';
import type { ConnectionTestId } from './connection-test.js';
import { finishTest, testOf, type TestDeps } from './finish-test.js';

/** What a page of Okta's said that never sends anybody back. */
export const OKTA_PAGES = ['redirect_uri', 'not_assigned', 'policy', 'other'] as const;
export type OktaPage = (typeof OKTA_PAGES)[number];

const CAUSES: Readonly<Record<OktaPage, ConnectionCause>> = {
  redirect_uri: 'redirect_uri_mismatch',
  not_assigned: 'user_not_assigned',
  policy: 'app_policy_denied',
  other: 'unknown',
};

export interface ReportOktaPageDeps extends TestDeps {
  readonly transactions: TenantTransactions;
}

export interface ReportOktaPageRequest {
  readonly connectionKey: string;
  readonly testId: ConnectionTestId;
  readonly page: OktaPage;
  readonly actor: Actor;
  readonly origin?: RequestOrigin;
}

/**
 * Ends a test from which nobody came back, by what an operator read on Okta's own page: a cause like one that was found.
 * @throws DomainError `not_found`; `conflict` when the test is over, or still being probed
 */
export async function reportOktaPage(
  deps: ReportOktaPageDeps,
  tenantId: TenantId,
  request: ReportOktaPageRequest,
): Promise<void> {
  await deps.transactions.withTenant(tenantId, async (scope) => {
    const test = await testOf(deps.tests, scope, request.connectionKey, request.testId);
    const ended = await finishTest(deps, scope, test, {
      from: ['waiting', 'expired'],
      checks: [
        {
          id: 'sign_in',
          status: 'failed',
          seen: 'Okta showed a page of its own and sent nobody back, as whoever tried has said',
          cause: CAUSES[request.page],
          facts: { page: request.page },
        },
      ],
      actor: request.actor,
      ...(request.origin === undefined ? {} : { origin: request.origin }),
    });
    if (ended === undefined)
      throw new DomainError('conflict', 'the test is not waiting for anybody', { state: test.state });
  });
}
