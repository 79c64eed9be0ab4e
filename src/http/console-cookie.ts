import type { Context } from 'koa';
import type { ConsoleSession, ConsoleSessionStore } from '../domain/account/console-session.js';
import { sha256 } from '../keys/hash.js';

/**
 * `session`: somebody is signed in. `pending`: a browser is in the middle of something; `trip`: its person is away at the
 * issuer, where they may be in the middle of something. Neither gives a right.
 */
export type ConsoleCookie = 'session' | 'pending' | 'trip';

const NAMES: Readonly<Record<ConsoleCookie, string>> = {
  session: 'cw_console',
  pending: 'cw_pending',
  trip: 'cw_trip',
};
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** With https the prefix `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis section 4.1.3.2). */
const nameOf = (cookie: ConsoleCookie, secure: boolean): string =>
  `${secure ? '__Host-' : ''}${NAMES[cookie]}`;

/** Lax, so that a link from a mail into the console finds its session; every change of state is judged besides. */
const options = (secure: boolean) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure, signed: false, overwrite: true }) as const;

/** Gives the browser a cookie until it is closed: how long the value counts is the database's to say. */
export function setConsoleCookie(ctx: Context, cookie: ConsoleCookie, secret: string): void {
  ctx.cookies.set(nameOf(cookie, ctx.secure), secret, options(ctx.secure));
}

export function clearConsoleCookie(ctx: Context, cookie: ConsoleCookie): void {
  ctx.cookies.set(nameOf(cookie, ctx.secure), null, options(ctx.secure));
}

/** SHA-256 of the cookie's value, by which it is stored; undefined when there is none that could be ours. */
export function consoleCookieHash(ctx: Context, cookie: ConsoleCookie): Buffer | undefined {
  const value = ctx.cookies.get(nameOf(cookie, ctx.secure), { signed: false });
  return value !== undefined && SECRET.test(value) ? sha256(value) : undefined;
}

/** Who is signed in to the console in this browser: asked of the database each time, person and expiry included. */
export async function findConsoleSession(
  ctx: Context,
  sessions: Pick<ConsoleSessionStore, 'find'>,
): Promise<ConsoleSession | undefined> {
  const hash = consoleCookieHash(ctx, 'session');
  return hash === undefined ? undefined : sessions.find(hash);
}
