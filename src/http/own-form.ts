import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import { readText } from './read-body.js';

const FORM_BYTES_MAX = 16 * 1024;

/**
 * The form of one of our own pages: from elsewhere it isn't taken. Browsers say where a request comes from by
 * `Sec-Fetch-Site`; `Origin` is `null` here, because our pages send no referrer (Fetch standard, "append a request
 * Origin header"), and counts only where the other is missing.
 * @param ownOrigin of the address that browsers see
 * @throws DomainError `forbidden` for a foreign origin, `invalid_argument` for anything that isn't a small form
 */
export async function readFormOf(ctx: Context, ownOrigin: string): Promise<URLSearchParams> {
  const site = ctx.get('sec-fetch-site');
  const origin = ctx.get('origin');
  const isOwn = site === '' ? origin === '' || origin === ownOrigin : site === 'same-origin';
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
  const { text, fault } = await readText(ctx.req, FORM_BYTES_MAX);
  if (fault === 'too_large') throw new DomainError('invalid_argument', 'the form is too large');
  if (text === undefined) throw new DomainError('invalid_argument', 'the form is not UTF-8');
  return new URLSearchParams(text);
}
