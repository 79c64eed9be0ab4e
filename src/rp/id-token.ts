import { createHash } from 'node:crypto';
import { epochSeconds } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../domain/connection/connection.js';
import { JwtError, verifyJwt } from '../keys/verify-jwt.js';
import type { JwtPurpose, VerifiedJwt } from '../keys/verify-jwt.js';
import { meetsAssurance } from './assurance.js';
import { UpstreamError } from './causes.js';
import type { UpstreamStep } from './causes.js';
import type { UpstreamKey } from './key-set.js';
import type { UpstreamMetadata } from './metadata.js';
import { identifier, readMethods, readSeconds } from './profile.js';
import type { Claims } from './profile.js';
import { isRecord } from './record.js';

/** Where a token came from, and what is known of its issuer. */
export interface TokenSource {
  readonly connection: Connection;
  readonly metadata: UpstreamMetadata;
  readonly keySets: () => AsyncGenerator<readonly UpstreamKey[]>;
  readonly clock: Clock;
  /** Seconds by which the upstream's clock is ahead; undefined when it didn't say. */
  readonly clockDifferenceSeconds: number | undefined;
}

/** What the sign-in asked for. */
export interface ExpectedIdToken {
  /** undefined: the token comes with a refresh, and needs none (OpenID Connect Core 12.2). */
  readonly nonce: string | undefined;
  /** The access token that came beside it, for `at_hash`. */
  readonly accessToken: string | undefined;
  readonly maxAgeSeconds: number | undefined;
  /** Each list is a demand of its own; one value of each must be met. */
  readonly acrDemands: readonly (readonly string[])[];
}

/** Tolerance for `exp`, `nbf`, `iat` and `auth_time` (F-13). */
const SKEW_SECONDS = 60;
/** At the callback an ID Token is seconds old; an older one is somebody's copy. */
const ID_TOKEN_AGE_SECONDS = 10 * 60;
/** No provider's ID Tokens live for years; one that does is not from a provider. */
const LIFETIME_SECONDS_MAX = 31 * 24 * 60 * 60;

/**
 * Verifies an ID Token: signature, type, algorithm, `iss`, `aud`, `exp`, `nbf` by the one verifier; `sub`, `iat`, `azp`,
 * `nonce`, `at_hash`, `auth_time`, `acr` and `amr` here (OpenID Connect Core 3.1.3.7, 3.1.3.8).
 * @returns its claims
 * @throws UpstreamError
 */
export async function verifyIdToken(
  token: string,
  expected: ExpectedIdToken,
  source: TokenSource,
): Promise<Claims> {
  return (await verifySignedIdToken(token, expected, source)).claims;
}

/** As `verifyIdToken`. @returns its claims, and the key that signed it */
export async function verifySignedIdToken(
  token: string,
  expected: ExpectedIdToken,
  source: TokenSource,
): Promise<Pick<VerifiedJwt, 'claims' | 'key'>> {
  const { clientId } = source.connection.settings;
  const { header, claims, key } = await verifyWithKeys(
    token,
    { purpose: 'upstream_id_token', audience: clientId },
    source,
  );
  if (identifier(claims.sub) === undefined)
    throw invalid('its subject is empty, too long or holds control characters (sub)');
  if (claims['azp'] !== undefined && claims['azp'] !== clientId)
    throw invalid('it was issued to another client (azp)');
  if (expected.nonce !== undefined && claims['nonce'] !== expected.nonce)
    throw new UpstreamError('nonce_mismatch', 'id_token', 'The ID Token belongs to another sign-in (nonce)');
  checkTimes(claims, source);
  checkAccessTokenHash(claims['at_hash'], expected.accessToken, header['alg']);
  checkAuthentication(claims, expected, source.clock);
  return { claims, key };
}

const STEPS = {
  upstream_id_token: 'id_token',
  upstream_access_token: 'access_token',
  upstream_logout_token: 'logout_token',
} as const satisfies Partial<Record<JwtPurpose, UpstreamStep>>;

/** What the verifier needs besides the source. */
export interface TokenKind {
  readonly purpose: keyof typeof STEPS;
  readonly audience: string;
}

/**
 * The one way to verify a JWT of an upstream: with the cached keys, then with newer ones if it names a key that they lack.
 * @throws UpstreamError
 */
export async function verifyWithKeys(
  token: string,
  kind: TokenKind,
  source: TokenSource,
): Promise<VerifiedJwt> {
  const { connection, metadata, clock } = source;
  const step = STEPS[kind.purpose];
  for await (const keys of source.keySets()) {
    try {
      return await verifyJwt(token, {
        ...kind,
        keys,
        algorithms: metadata.id_token_signing_alg_values_supported,
        issuer: connection.issuer,
        now: clock.now(),
        clockToleranceSeconds: SKEW_SECONDS,
      });
    } catch (error) {
      if (!(error instanceof JwtError)) throw error;
      if (error.code !== 'unknown_key') throw refused(token, error, step, source);
    }
  }
  const keyId = peekKeyId(token);
  throw new UpstreamError(
    'key_unknown',
    step,
    'The token is signed with a key that the upstream has not published',
    keyId === undefined ? {} : { keyId },
  );
}

/** The verifier's refusal as ours; its own error holds the claims, so it is not kept as `cause`. */
function refused(token: string, error: JwtError, step: UpstreamStep, source: TokenSource): UpstreamError {
  const { code, message } = error;
  if (code === 'encrypted') return new UpstreamError('encrypted_id_token', step, message);
  if (code === 'expired' || code === 'not_yet_valid') return timeFault(message, step, source);
  if (code === 'wrong_issuer') return issuerFault(token, step, source.connection);
  return new UpstreamError('token_invalid', step, `The token was refused: ${message}`);
}

/** The token comes from elsewhere: from another authorization server of the same Okta org, or from another address. */
function issuerFault(token: string, step: UpstreamStep, { type, issuer }: Connection): UpstreamError {
  const named = identifier(peekClaims(token)['iss'], 2_048);
  const url = named !== undefined && URL.canParse(named) ? new URL(named) : undefined;
  const sameOrg = type === 'okta' && url?.origin === new URL(issuer).origin;
  return new UpstreamError(
    sameOrg ? 'wrong_authorization_server' : 'issuer_mismatch',
    step,
    `The token comes from ${named ?? 'an issuer without a name'}, the connection names ${issuer}`,
    named === undefined || url === undefined ? {} : { issuer: named },
  );
}

/** Claims of a JWT that nothing has verified: for naming a fault, or for finding what to verify it with. */
export function peekClaims(token: string): Claims {
  return peekPart(token, 1);
}

/** The key that a JWT names, unverified: for naming a fault. */
function peekKeyId(token: string): string | undefined {
  return identifier(peekPart(token, 0)['kid']);
}

function peekPart(token: string, index: 0 | 1): Claims {
  try {
    const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8');
    const members: unknown = JSON.parse(text);
    return isRecord(members) ? members : {};
  } catch {
    return {}; // Not a JWT: it says nothing.
  }
}

function checkTimes(claims: Claims, source: TokenSource): void {
  const now = epochSeconds(source.clock);
  const issuedAt = readSeconds(claims['iat']);
  if (issuedAt === undefined) throw invalid('it does not say when it was issued (iat)');
  if (issuedAt > now + SKEW_SECONDS)
    throw timeFault('the token was issued in the future (iat)', 'id_token', source);
  if (issuedAt < now - ID_TOKEN_AGE_SECONDS)
    throw timeFault('the token was issued more than 10 minutes ago (iat)', 'id_token', source);
  if ((readSeconds(claims['exp']) ?? Infinity) > now + LIFETIME_SECONDS_MAX)
    throw invalid('it is good for longer than any ID Token is (exp)');
}

/** A time that is off: the clocks' fault when they differ, the token's otherwise (F-13). */
function timeFault(
  what: string,
  step: UpstreamStep,
  { clockDifferenceSeconds: seconds }: TokenSource,
): UpstreamError {
  if (seconds === undefined || Math.abs(seconds) <= SKEW_SECONDS)
    return new UpstreamError('token_invalid', step, `The token was refused: ${what}`);
  const direction = seconds > 0 ? 'ahead of' : 'behind';
  return new UpstreamError(
    'clock_skew',
    step,
    `The upstream's clock is ${Math.abs(seconds)} s ${direction} ours: ${what}`,
    { seconds: String(seconds) },
  );
}

/** OpenID Connect Core 3.1.3.6: the left half of the hash that belongs to the token's own algorithm. */
function checkAccessTokenHash(atHash: unknown, accessToken: string | undefined, alg: unknown): void {
  if (atHash === undefined) return;
  if (accessToken === undefined) throw invalid('it speaks of an access token that did not come (at_hash)');
  const digest = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(accessToken)
    .digest();
  if (atHash !== digest.subarray(0, digest.length / 2).toString('base64url'))
    throw invalid('it belongs to another access token (at_hash)');
}

/** When and how the person signed in, against what was asked: the request alone proves nothing. */
function checkAuthentication(
  claims: Claims,
  { maxAgeSeconds, acrDemands }: ExpectedIdToken,
  clock: Clock,
): void {
  const authTime = readSeconds(claims['auth_time']);
  const now = epochSeconds(clock);
  if (authTime !== undefined && authTime > now + SKEW_SECONDS)
    throw invalid('the sign-in that it tells of lies in the future (auth_time)');
  if (
    maxAgeSeconds !== undefined &&
    (authTime === undefined || authTime < now - maxAgeSeconds - SKEW_SECONDS)
  )
    throw new UpstreamError(
      'auth_too_old',
      'id_token',
      authTime === undefined
        ? 'The upstream does not say when the person signed in (auth_time), which was asked'
        : `The person signed in ${now - authTime} s ago, at most ${maxAgeSeconds} s were asked (auth_time)`,
    );
  const assurance = { acr: identifier(claims['acr']), amr: readMethods(claims['amr']) };
  const unmet = acrDemands.find((asked) => !meetsAssurance(asked, assurance));
  if (unmet !== undefined)
    throw new UpstreamError(
      'assurance_unmet',
      'id_token',
      `Asked for ${unmet.join(' or ')}; the upstream says acr ${assurance.acr ?? 'nothing'}, ` +
        `amr ${assurance.amr?.join(' ') ?? 'nothing'}`,
    );
}

function invalid(what: string): UpstreamError {
  return new UpstreamError('token_invalid', 'id_token', `The token was refused: ${what}`);
}
