import type { TenantId } from './ids.js';

const scopeKey: unique symbol = Symbol('scope');

/**
 * The right to read and write one tenant's data inside one unit of work. Only `storage` opens one (the tidy test
 * checks), so no other code can reach a row without having said whose it is.
 */
export interface TenantScope {
  readonly [scopeKey]: 'tenant';
  readonly tenantId: TenantId;
}

export function openTenantScope(tenantId: TenantId): TenantScope {
  return { [scopeKey]: 'tenant', tenantId };
}
