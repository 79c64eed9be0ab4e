import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { Cause } from '../audit/cause.js';

/** Opens tenant transactions. `work` may run more than once, so it has no effect outside of the database. */
export interface TenantTransactions {
  /** @param cause what memberships and roles that come or go in it are put down to; undefined: nothing is said. */
  withTenant<T>(tenantId: TenantId, work: (scope: TenantScope) => Promise<T>, cause?: Cause): Promise<T>;
}
