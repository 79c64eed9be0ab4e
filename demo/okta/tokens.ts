import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import type { App } from './apps.js';
import { idTokenClaims } from './claims.js';
import type { Claims } from './failures/types.js';
import {
  ACCESS_TOKEN_SECONDS,
  ID_TOKEN_SECONDS,
  type AccessToken,
  type RefreshToken,
  type UserGrant,
} from './grants.js';
import { randomText } from './ids.js';
import { undisclosedKey } from './keys.js';
import type { OktaOrg } from './org.js';
import type { User } from './people.js';
import type { AuthorizationServer } from './servers.js';

/** Okta names the key of an org access token too, though nobody can find it. */
const UNDISCLOSED_KID = 'vxNZQvsKZcWRT7AM5i0OJq8uH4eVZfR3Yk1sGhLpXc0';

/** `at_hash`: the left half of the SHA-256 of the access token (OpenID Connect Core 3.1.3.6). */
function halfHash(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}

interface Minting {
  readonly org: OktaOrg;
  readonly server: AuthorizationServer;
  readonly app: App;
}

/** The ID token of a grant, spoiled by whatever failures are set. `failures` collects their ids. */
export async function mintIdToken(
  { org, server, app }: Minting,
  user: User,
  grant: UserGrant,
  accessToken: string,
  failures: string[],
): Promise<string> {
  const now = org.clock.now();
  const key = await org.keysFor(server, app).current();
  const claims: Claims = {
    ...idTokenClaims({ org, server, app }, user, grant),
    ver: 1,
    iss: grant.issuer,
    aud: app.clientId,
    iat: now,
    exp: now + ID_TOKEN_SECONDS,
    jti: `ID.${randomText(32)}`,
    amr: grant.amr,
    idp: grant.idp,
    ...(grant.acr === undefined ? {} : { acr: grant.acr }),
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...(org.settings.sid === 'all' || app.participateSlo ? { sid: grant.sessionId } : {}),
    auth_time: grant.authTime,
    at_hash: halfHash(accessToken),
  };
  const facts = { now, issuer: grant.issuer, clientId: app.clientId, value: '' };
  for (const { id, effect, value } of org.failures.take('claims')) {
    failures.push(id);
    effect.change(claims, { ...facts, value });
  }
  const [forged] = org.failures.take('form');
  if (forged !== undefined) {
    failures.push(forged.id);
    const tools = {
      key,
      forger: await undisclosedKey(),
      clientSecret: app.secrets.find(({ status }) => status === 'ACTIVE')?.value,
    };
    return forged.effect.write(claims, tools, { ...facts, value: forged.value });
  }
  return new SignJWT(claims).setProtectedHeader({ kid: key.kid, alg: 'RS256' }).sign(key.privateKey);
}

interface AccessTokenRequest {
  readonly scopes: readonly string[];
  readonly issuer: string;
  /** Who it acts for; nothing for client_credentials. */
  readonly user?: { readonly grant: UserGrant; readonly person: User };
  readonly extra?: Claims;
  readonly jkt?: string | undefined;
}

/**
 * An access token: at the org's own server one that looks like a JWT and that only Okta can check, at a
 * custom one a JWT that anyone can verify.
 */
export async function mintAccessToken(minting: Minting, request: AccessTokenRequest): Promise<string> {
  const { org, server, app } = minting;
  const now = org.clock.now();
  const ttl = server.kind === 'custom' ? server.accessTokenSeconds : ACCESS_TOKEN_SECONDS;
  const claims = {
    ver: 1,
    jti: `AT.${randomText(32)}`,
    iss: request.issuer,
    aud: server.kind === 'custom' ? server.audience : request.issuer,
    iat: now,
    exp: now + ttl,
    cid: app.clientId,
    ...(request.user === undefined ? {} : { uid: request.user.person.id }),
    scp: request.scopes,
    ...(request.user === undefined ? {} : { auth_time: request.user.grant.authTime }),
    sub: request.user?.person.login ?? app.clientId,
    ...(request.jkt === undefined ? {} : { cnf: { jkt: request.jkt } }),
    ...request.extra,
  };
  const key =
    server.kind === 'custom'
      ? await server.keys.current()
      : { kid: UNDISCLOSED_KID, privateKey: await undisclosedKey() };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ kid: key.kid, alg: 'RS256' })
    .sign(key.privateKey);
  const record: AccessToken = {
    clientId: app.clientId,
    serverBase: server.base,
    scopes: request.scopes,
    user: request.user?.grant,
    jkt: request.jkt,
    claims,
  };
  org.grants.accessTokens.set(token, record, ttl);
  return token;
}

/** A refresh token for a grant that asked for `offline_access`. */
export function issueRefreshToken(org: OktaOrg, grant: UserGrant, jkt: string | undefined): string {
  const { nonce: _nonce, ...rest } = grant;
  const token: RefreshToken = { ...rest, nonce: undefined, jkt, issuedAt: org.clock.now() };
  return org.grants.issueRefreshToken(token);
}
