import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Fact } from '../shared/facts.js';
import type { SignedIn } from './sign-in.js';

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

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
