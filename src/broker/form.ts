import type { Context } from 'koa';
import { readFormOf } from '../http/own-form.js';
import type { TenantContext } from '../http/tenant-context.js';

/**
 * The form of one of a tenant's own pages: from elsewhere it isn't taken.
 * @throws DomainError `forbidden` for a foreign origin, `invalid_argument` for anything that isn't a small form
 */
export function readOwnForm(ctx: Context, tenant: TenantContext): Promise<URLSearchParams> {
  return readFormOf(ctx, new URL(tenant.issuer).origin);
}
