import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { TenantContext } from '../http/tenant-context.js';

const FORM_BYTES_MAX = 16 * 1024;

/**
 * The form of one of our own pages: from elsewhere it isn't taken. Browsers say where a request comes from by
 * `Sec-Fetch-Site`; `Origin` is `null` here, because our pages send no referrer (Fetch standard, "append a request
 * Origin header"), and counts only where the other is missing.
 * @throws DomainError `forbidden` for a foreign origin, `invalid_argument` for anything that isn't a small form
 */
export async function readOwnForm(ctx: Context, tenant: TenantContext): Promise<URLSearchParams> {
  const site = ctx.get('sec-fetch-site');
  const origin = ctx.get('origin');
  const isOwn =
    site === '' ? origin === '' || origin === new URL(tenant.issuer).origin : site === 'same-origin';
  if (!isOwn) throw new DomainError('forbidden', 'the form was sent from another site');
  return readForm(ctx);
}

/**
 * A form from anywhere: nothing in it may be trusted.
 * @throws DomainError `invalid_argument` for anything that isn't a small form
 */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (ctx.is('application/x-www-form-urlencoded') === false)
    throw new DomainError('invalid_argument', 'only application/x-www-form-urlencoded is understood here');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    size += (chunk as Buffer).length;
    if (size > FORM_BYTES_MAX) throw new DomainError('invalid_argument', 'the form is too large');
    chunks.push(chunk as Buffer);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
