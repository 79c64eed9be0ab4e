import type { Context } from 'koa';
import { clientNetwork } from '../http/client-network.js';
import { readFormOf } from '../http/own-form.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { Frame } from '../pages/frame.js';
import { filledOf, type Filled } from '../pages/operators/filled.js';
import { pagePolicy, soloPageHeaders } from '../pages/policy.js';
import type { OperatorsDeps } from './deps.js';

/** Path of `PUBLIC_URL`, without a slash at the end. */
export const basePath = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/$/, '');

/** A parameter that was given once. */
export const text = (value: string | string[] | undefined): string =>
  typeof value === 'string' ? value : '';

/** Shows a page of this folder: no application opens it, so it keeps no tie to whoever did. */
export function show(ctx: Context, status: number, html: string, passkeys = false): void {
  ctx.status = status;
  ctx.set({ ...soloPageHeaders, 'content-security-policy': pagePolicy({ passkeys }) });
  ctx.body = html;
}

/** What stays the same on each page of a tenant's accounts. */
export const frameOf = (tenant: TenantContext, { stylesheetHref }: OperatorsDeps): Frame => ({
  brand: { tenantName: tenant.configuration.tenant.name },
  lang: 'en',
  stylesheetHref,
});

/** @throws DomainError `forbidden` for a form of another site, `invalid_argument` for what isn't a small form */
export async function readFilled(ctx: Context, { publicUrl }: OperatorsDeps): Promise<Filled> {
  return filledOf(await readFormOf(ctx, new URL(publicUrl).origin));
}

/** Who tries, as it is recorded and counted. */
export function trier(ctx: Context, deps: OperatorsDeps) {
  const origin = deps.originOf(ctx);
  return { origin, network: clientNetwork(origin.ip) };
}
