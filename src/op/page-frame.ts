import type { Context } from 'koa';
import type { TenantContext } from '../http/tenant-context.js';
import type { Frame } from '../pages/frame.js';
import { pageHeaders, pagePolicy, type PagePolicyOptions } from '../pages/policy.js';

/** Shows a tenant's page: status, headers and policy that belong to every page for people. */
export function showPage(ctx: Context, status: number, html: string, policy: PagePolicyOptions = {}): void {
  ctx.status = status;
  ctx.set({ ...pageHeaders, 'content-security-policy': pagePolicy(policy) });
  ctx.body = html;
}

/** What stays the same on each page of a tenant. */
export function frameOf(tenant: TenantContext, stylesheetHref: string, applicationName?: string): Frame {
  return {
    brand: { tenantName: tenant.configuration.tenant.name },
    lang: 'en',
    stylesheetHref,
    ...(applicationName === undefined ? {} : { applicationName }),
  };
}
