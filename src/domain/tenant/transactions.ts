import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/** Opens tenant transactions. `work` may run more than once, so it has no effect outside of the database. */
export interface TenantTransactions {
  withTenant<T>(tenantId: TenantId, work: (scope: TenantScope) => Promise<T>): Promise<T>;
}
