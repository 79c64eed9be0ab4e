import { hash } from 'node:crypto';
import type { Context } from 'koa';
import type { Ids } from '../core/ids.js';
import { readCookie } from '../http/read-cookie.js';

/**
 * What binds a trip to the upstream to one browser. Only the secret is random and only the browser's cookie holds it;
 * nonce and code verifier follow from it, so the database keeps nothing with which a stolen code could be redeemed.
 */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636 section 4.1: 43 characters. */
  readonly codeVerifier: string;
  readonly browserHash: Buffer;
  readonly stateHash: Buffer;
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

const derive = (purpose: string, secret: string): string =>
  sha256(`${purpose}:${secret}`).toString('base64url');

/** The name under which a trip is kept. */
export const stateHashOf = (state: string): Buffer => sha256(`state:${state}`);

/** The secrets that follow from a browser's secret and the `state`. */
export function loginSecrets(state: string, secret: string): LoginSecrets {
  return {
    state,
    nonce: derive('nonce', secret),
    codeVerifier: derive('code_verifier', secret),
    browserHash: sha256(`browser:${secret}`),
    stateHash: stateHashOf(state),
  };
}

export interface LoginCookie {
  readonly secret: string;
  readonly interactionUid: string;
}

const COOKIE_SECONDS = 600;
const SECRET = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{10,64})$/;

/** One cookie for each trip, so that two tabs don't take each other's; it reaches only its connection's callback. */
function cookieName(state: string, secure: boolean): string {
  return `${secure ? '__Secure-' : ''}cw_t_${sha256(state).toString('hex').slice(0, 16)}`;
}

export function newLogin(ids: Ids): { readonly state: string; readonly secret: string } {
  return { state: ids.secret(32), secret: ids.secret(32) };
}

export function setLoginCookie(ctx: Context, callback: URL, state: string, cookie: LoginCookie): void {
  const secure = callback.protocol === 'https:';
  ctx.cookies.set(cookieName(state, secure), `${cookie.secret}.${cookie.interactionUid}`, {
    ...options(callback),
    maxAge: COOKIE_SECONDS * 1000,
  });
}

export function readLoginCookie(ctx: Context, callback: URL, state: string): LoginCookie | undefined {
  const value = readCookie(ctx.req, cookieName(state, callback.protocol === 'https:'));
  const match = SECRET.exec(value ?? '');
  return match === null ? undefined : { secret: match[1] ?? '', interactionUid: match[2] ?? '' };
}

export function clearLoginCookie(ctx: Context, callback: URL, state: string): void {
  ctx.cookies.set(cookieName(state, callback.protocol === 'https:'), null, options(callback));
}

/** Lax: the upstream's redirect is a top-level navigation from another site. */
function options(callback: URL) {
  const secure = callback.protocol === 'https:';
  return {
    path: callback.pathname,
    httpOnly: true,
    sameSite: 'lax',
    secure,
    signed: false,
    overwrite: true,
  } as const;
}
