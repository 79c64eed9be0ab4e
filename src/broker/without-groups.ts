import type { Context } from 'koa';
import type { Connection } from '../domain/connection/connection.js';
import { expectsGroups, GROUPS_SCOPE } from '../domain/connection/upstream-groups/counted-groups.js';
import type { LoginTransaction } from '../domain/sign-in/login-transaction.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { PendingInteraction } from '../op/interactions.js';
import { UpstreamError } from '../rp/causes.js';
import { groupsCaller } from './api-groups.js';
import type { BrokerDeps } from './deps.js';
import { startSignIn } from './start-sign-in.js';

/** A trip that Okta has refused, and what waits for it. */
export interface RefusedTrip {
  readonly connection: Connection;
  readonly transaction: LoginTransaction;
  readonly ageSeconds: number;
  readonly pending: PendingInteraction;
  readonly waiting: TenantContext;
  readonly error: UpstreamError;
}

/**
 * Goes to Okta a second time, where it has refused the first trip because of its groups claim and its API can tell the
 * groups instead (A11): without the scope for groups, with a state, nonce and code verifier of its own, for the same
 * interaction, and never a third time, which the transaction says.
 * @returns whether the browser is on its way
 */
export async function goWithoutGroups(
  ctx: Context,
  tenant: TenantContext,
  trip: RefusedTrip,
  deps: BrokerDeps,
): Promise<boolean> {
  const { connection, transaction, ageSeconds, pending, waiting, error } = trip;
  if (transaction.request.withoutGroups !== undefined) return false;
  if (!(await canGoWithoutGroups(tenant, connection, error.reason, deps))) return false;
  let url: URL;
  try {
    const started = await startSignIn(
      ctx,
      tenant,
      {
        interaction: pending,
        connection,
        loginHint: undefined,
        waiting,
        withoutGroups: { startedSecondsBefore: ageSeconds },
      },
      deps,
    );
    await deps.logins.begin(tenant.id, started.transaction);
    ({ url } = started);
  } catch (fault) {
    // The person is told of the first refusal: that one stays when the org goes away in between.
    if (!(fault instanceof UpstreamError)) throw fault;
    return false;
  }
  const { reason } = error;
  deps.log.info('sign_in.without_groups', { tenant: tenant.slug, connection: connection.key, reason });
  ctx.status = 303;
  ctx.redirect(url.href);
  return true;
}

/**
 * Whether a sign-in that Okta refused may succeed without its groups claim: where the API can tell the groups instead,
 * and where there is a scope to leave off. The org's own server works the claim out for that scope alone; a custom
 * server's claim may come with any scope, and then the second answer is as the first.
 */
export async function canGoWithoutGroups(
  tenant: TenantContext,
  connection: Connection,
  cause: string | undefined,
  deps: Pick<BrokerDeps, 'groupsApis'>,
): Promise<boolean> {
  // Okta says either: an expression that asks for more than 100 groups can't be worked out.
  if (cause !== 'groups_too_many' && cause !== 'groups_eval') return false;
  if (!expectsGroups(connection) || !connection.settings.scopes.includes(GROUPS_SCOPE)) return false;
  const stored = await deps.groupsApis.read(tenant.id, connection.id);
  return groupsCaller(tenant, connection, stored) !== undefined;
}
