import type { Context } from 'koa';
import { sha256 } from '../keys/hash.js';

const NAME = 'cw_setup';
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** With https the prefix `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis section 4.1.3.2). */
const nameOf = ({ secure }: Context): string => `${secure ? '__Host-' : ''}${NAME}`;

/** Binds a set-up link to the browser. It outlives a restart: how long it counts is the database's to say. */
export function setSetupCookie(ctx: Context, secret: string, expires: Date): void {
  const { secure } = ctx;
  ctx.cookies.set(nameOf(ctx), secret, {
    path: '/',
    httpOnly: true,
    // Lax, so that the link in a mail finds the browser that has taken it; changes of state are judged besides.
    sameSite: 'lax',
    secure,
    signed: false,
    overwrite: true,
    expires,
  });
}

/** SHA-256 of the cookie's value, by which it is stored; undefined when there is none that could be ours. */
export function setupCookieHash(ctx: Context): Buffer | undefined {
  const value = ctx.cookies.get(nameOf(ctx), { signed: false });
  return value !== undefined && SECRET.test(value) ? sha256(value) : undefined;
}
