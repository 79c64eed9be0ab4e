import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { SignedIn } from './sign-in.js';

export type Fact = readonly [name: string, value: unknown];

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Claims that hold a time, in seconds since the epoch. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

/** A claim's value as a date, where it is one. */
export function asTime(name: string, value: unknown): Date | undefined {
  return TIMES.has(name) && typeof value === 'number' ? new Date(value * 1000) : undefined;
}

/**
 * What can be told of an access token. It is meant for an API, not for this application, which passes it on unread;
 * a demo may look.
 */
export function accessTokenFacts({ accessToken, scope }: SignedIn): readonly Fact[] {
  if (!COMPACT_JWS.test(accessToken))
    return [
      ['form', 'opaque: it means something to the issuer only'],
      ['good for', 'the userinfo endpoint'],
      ['scope', scope],
    ];
  const { alg, kid, typ } = decodeProtectedHeader(accessToken);
  return [
    ['form', `JWT (${typ ?? 'no typ'}), signed with ${alg ?? '?'} by key ${kid ?? '?'}`],
    ...Object.entries(decodeJwt(accessToken)),
  ];
}

/** The texts of a claim that should be a list of them; an absent claim is an empty list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((member) => typeof member === 'string') : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
