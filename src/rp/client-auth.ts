import type { ClientAuth } from 'openid-client';
import { epochSeconds } from '../core/clock.js';
import { fingerprint } from '../keys/hash.js';
import { signJwt } from '../keys/signing-keys.js';
import type { PrivateJwk } from '../keys/signing-keys.js';
import { UpstreamError } from './causes.js';
import type { RelyingPartyDeps } from './deps.js';
import type { UpstreamParty } from './party.js';

/** What a connection can authenticate with: a secret, or a key. */
export type Credential =
  | {
      readonly kind: 'secret';
      readonly secret: string;
      readonly member: 'clientSecret' | 'secondarySecret';
    }
  | { readonly kind: 'key'; readonly key: PrivateJwk };

/** The credentials of a connection, in the order in which they are tried; of its keys the first alone signs. */
export function credentialsOf({ connection, secrets, clientKeys }: UpstreamParty): readonly Credential[] {
  if (connection.settings.clientAuth === 'private_key_jwt')
    return clientKeys.slice(0, 1).map((key) => ({ kind: 'key', key }));
  return (['clientSecret', 'secondarySecret'] as const).flatMap((member) => {
    const secret = secrets[member];
    return secret === undefined ? [] : [{ kind: 'secret', secret, member }];
  });
}

/** A connection was saved without what it authenticates with, or has lost it. */
export function noCredential({ connection }: UpstreamParty): UpstreamError {
  return connection.settings.clientAuth === 'private_key_jwt'
    ? new UpstreamError('auth_method_mismatch', 'token', 'The connection has no key to authenticate with')
    : new UpstreamError('bad_secret', 'token', 'The connection has no secret to authenticate with');
}

/** Tells credentials apart in memory without keeping them. */
export function credentialMark(credential: Credential): string {
  return credential.kind === 'key' ? credential.key.kid : fingerprint(credential.secret);
}

/** How long an assertion lives. Okta takes up to an hour, others 5 minutes. */
const ASSERTION_SECONDS = 300;
/** An assertion is dated back by what our clock may be ahead: Okta refuses one issued in its future. */
const ASSERTION_BACK_SECONDS = 60;

/**
 * Client authentication for one request (OpenID Connect Core 9). Okta wants the endpoint that is called as the
 * assertion's audience, everybody else the issuer (RFC 7523bis), so an authentication is for one endpoint only.
 */
export async function authenticate(
  { connection }: UpstreamParty,
  credential: Credential,
  endpoint: string,
  { clock, ids }: Pick<RelyingPartyDeps, 'clock' | 'ids'>,
): Promise<ClientAuth> {
  const { clientId, clientAuth } = connection.settings;
  if (credential.kind === 'key') {
    const audience = connection.type === 'okta' ? endpoint : connection.issuer;
    const assertion = await clientAssertion(credential.key, { clientId, audience }, { clock, ids });
    return (_as, _client, body) => {
      body.set('client_id', clientId);
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      body.set('client_assertion', assertion);
    };
  }
  if (clientAuth === 'client_secret_basic') {
    const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(credential.secret)}`).toString(
      'base64',
    );
    return (_as, _client, _body, headers) => {
      headers.set('authorization', `Basic ${basic}`);
    };
  }
  return (_as, _client, body) => {
    body.set('client_id', clientId);
    body.set('client_secret', credential.secret);
  };
}

/** What a client proves itself by with a key (RFC 7523 section 2.2). */
export function clientAssertion(
  key: PrivateJwk,
  { clientId, audience }: { readonly clientId: string; readonly audience: string },
  { clock, ids }: Pick<RelyingPartyDeps, 'clock' | 'ids'>,
): Promise<string> {
  const issuedAt = epochSeconds(clock) - ASSERTION_BACK_SECONDS;
  return signJwt(
    key,
    { typ: 'JWT' },
    {
      iss: clientId,
      sub: clientId,
      aud: audience,
      jti: ids.secret(16),
      iat: issuedAt,
      exp: issuedAt + ASSERTION_SECONDS,
    },
  );
}

/**
 * RFC 6749 2.3.1 and appendix B. The library escapes `-` and `_` too, which is as right, but a server that doesn't decode
 * would refuse Okta's secrets, which are made of them.
 */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
