import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import { clientNetwork } from '../http/client-network.js';
import { readFormOf } from '../http/own-form.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { Frame } from '../pages/frame.js';
import { FIELDS } from '../pages/operators/form-parts.js';
import { pagePolicy, soloPageHeaders } from '../pages/policy.js';
import type { OperatorsDeps } from './deps.js';

/** Path of `PUBLIC_URL`, without a slash at the end. */
export const basePath = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/$/, '');

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

/** What a form of these pages may hold. */
export interface Filled {
  readonly userName: string;
  readonly password: string;
  readonly code: string;
  /** What the browser's passkey has answered; undefined: the form is of a password. */
  readonly passkey: unknown;
}

/** @throws DomainError `forbidden` for a form of another site, `invalid_argument` for what isn't a small form */
export async function readFilled(ctx: Context, { publicUrl }: OperatorsDeps): Promise<Filled> {
  const form = await readFormOf(ctx, new URL(publicUrl).origin);
  return {
    userName: form.get(FIELDS.userName) ?? '',
    password: form.get(FIELDS.password) ?? '',
    code: form.get(FIELDS.code) ?? '',
    passkey: form.has(FIELDS.passkey) ? parsed(form.get(FIELDS.passkey) ?? '') : undefined,
  };
}

/** Null where it is no JSON: then it is no passkey's answer either. */
function parsed(text: string): unknown {
  try {
    const answer: unknown = JSON.parse(text);
    return answer ?? null;
  } catch {
    return null;
  }
}

/** Who tries, as it is recorded and counted. */
export function trier(ctx: Context, deps: OperatorsDeps) {
  const origin = deps.originOf(ctx);
  return { origin, network: clientNetwork(origin.ip) };
}

/** How long somebody who tried too often must wait; undefined: the error is another one, and goes on. */
export function waitOf(error: unknown): number | undefined {
  if (!(error instanceof DomainError) || error.code !== 'limit_exceeded') return undefined;
  return Number(error.details['retryAfterSeconds'] ?? 30);
}
