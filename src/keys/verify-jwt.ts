import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWK, type JWTPayload } from 'jose';

/**
 * What a JWT is presented as. One verifier, one list of purposes: a token made for one is refused for the others
 * (A-29, A-30).
 */
export type JwtPurpose =
  | 'upstream_id_token'
  | 'upstream_access_token'
  | 'upstream_logout_token'
  | 'access_token'
  | 'id_token'
  | 'audit_checkpoint';

/** `typ` headers that a purpose accepts, lower case, without `application/`; undefined: the header is absent. */
const TYPES: Readonly<Record<JwtPurpose, readonly (string | undefined)[]>> = {
  upstream_id_token: [undefined, 'jwt'],
  upstream_access_token: [undefined, 'jwt', 'at+jwt', 'application/okta-internal-at+jwt'],
  // Typing it is recommended only (Back-Channel Logout 1.0 section 2.4); its claims tell it from an ID Token.
  upstream_logout_token: [undefined, 'jwt', 'logout+jwt'],
  access_token: ['at+jwt'],
  // Ours name no type, and nothing else does that an application of ours could bring.
  id_token: [undefined],
  audit_checkpoint: ['causeway-checkpoint+jwt'],
};

export type JwtErrorCode =
  | 'malformed'
  | 'encrypted'
  | 'wrong_type'
  | 'algorithm_refused'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid';

/** A JWT that is refused. The message names the fault and never quotes the token. */
export class JwtError extends Error {
  override readonly name = 'JwtError';

  constructor(
    readonly code: JwtErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface VerifyJwtOptions {
  readonly purpose: JwtPurpose;
  /** Public keys in force (RFC 7517). A header's `jku`, `x5u` or `jwk` is never followed. */
  readonly keys: readonly JWK[];
  readonly algorithms: readonly string[];
  /** Compared byte for byte. */
  readonly issuer: string;
  /** The one audience, compared byte for byte; a list in the token passes only when it is this one alone. */
  readonly audience: string;
  readonly now: Date;
  readonly clockToleranceSeconds: number;
}

export interface VerifiedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: JWTPayload;
  /** The key whose signature it is. */
  readonly key: JWK;
}

/** As much as an answer may hold that brings one: a token of Okta's names up to 1,000 groups. */
const TOKEN_BYTES_MAX = 256 * 1024;
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 8192;

/**
 * Verifies a signed JWT: type, algorithm, key, signature, `iss`, `aud`, `exp`, `nbf` (RFC 7519 section 7.2, RFC 8725).
 * @throws JwtError; code `unknown_key` when no key fits the header's `kid`: the caller may refetch the key set once.
 */
export async function verifyJwt(token: string, options: VerifyJwtOptions): Promise<VerifiedJwt> {
  const header = readHeader(token);
  const type = typeof header.typ === 'string' ? header.typ.toLowerCase() : undefined;
  const accepted = TYPES[options.purpose];
  if (!accepted.includes(type) && !accepted.includes(type?.replace(/^application\//, '')))
    throw new JwtError('wrong_type', `a token of type '${String(type)}' is not accepted here`);
  if (typeof header.alg !== 'string' || !options.algorithms.includes(header.alg))
    throw new JwtError('algorithm_refused', `algorithm '${String(header.alg)}' is not accepted here`);
  const candidates = keysFor(options.keys, header.kid, header.alg);
  if (candidates.length === 0)
    throw new JwtError('unknown_key', 'no published key has the id that the token names');
  const { claims, key } = await verifyWithAny(token, candidates, options);
  const { aud } = claims;
  if (Array.isArray(aud) ? aud.length !== 1 || aud[0] !== options.audience : aud !== options.audience)
    throw new JwtError('wrong_audience', 'the token is meant for somebody else (aud)');
  return { header: { ...header }, claims, key };
}

/** The audience that a token claims, to choose what to verify it against; says nothing of its truth. */
export const claimedAudience = (token: string): string | undefined => claimed(token, 'aud');

/** The issuer that a token claims, to choose whose keys verify it; says nothing of its truth. */
export const claimedIssuer = (token: string): string | undefined => claimed(token, 'iss');

function claimed(token: string, name: 'aud' | 'iss'): string | undefined {
  try {
    const value = decodeJwt(token)[name];
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Header and claims of a JWT that isn't verified: for refusals alone, since nothing of it need be true. */
export function unverifiedJwt(
  token: string,
): { readonly header: { readonly alg?: unknown }; readonly claims: JWTPayload } | undefined {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function readHeader(token: string): { alg?: unknown; kid?: unknown; typ?: unknown } {
  if (token.length > TOKEN_BYTES_MAX) throw new JwtError('malformed', 'the token is too large');
  const parts = token.split('.').length;
  if (parts === 5) throw new JwtError('encrypted', 'the token is encrypted, which was not asked for');
  if (parts !== 3) throw new JwtError('malformed', 'the token is not a signed JWT');
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new JwtError('malformed', 'the token is not a signed JWT', { cause });
  }
}

/** Keys that may have signed: of the right kind, for signatures, and of the `kid` named. `kid` only looks up. */
function keysFor(keys: readonly JWK[], kid: unknown, alg: string): readonly JWK[] {
  const kty = alg.startsWith('RS') || alg.startsWith('PS') ? 'RSA' : alg.startsWith('ES') ? 'EC' : 'OKP';
  const fit = keys.filter(
    (key) => key.kty === kty && (key.use ?? 'sig') === 'sig' && (key.alg ?? alg) === alg && isSound(key),
  );
  if (kid === undefined) return fit.length === 1 ? fit : [];
  return fit.filter((key) => key.kid === kid);
}

function isSound(key: JWK): boolean {
  if (key.kty !== 'RSA') return true;
  const bits = Buffer.from(key.n ?? '', 'base64url').length * 8;
  return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

async function verifyWithAny(
  token: string,
  keys: readonly JWK[],
  options: VerifyJwtOptions,
): Promise<Pick<VerifiedJwt, 'claims' | 'key'>> {
  let refusal: JwtError | undefined;
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...options.algorithms],
        issuer: options.issuer,
        requiredClaims: ['iss', 'aud', 'exp', 'iat'],
        clockTolerance: options.clockToleranceSeconds,
        currentDate: options.now,
      });
      return { claims: payload, key };
    } catch (cause) {
      refusal = refused(cause);
      // Two keys of one `kid` have been seen in the wild, and keys that can't be used: the next one may do.
      if (refusal.code !== 'bad_signature' && refusal.code !== 'unknown_key') throw refusal;
    }
  }
  throw refusal ?? new JwtError('unknown_key', 'no published key fits the token');
}

function refused(cause: unknown): JwtError {
  const options = { cause };
  if (cause instanceof errors.JWTExpired)
    return new JwtError('expired', 'the token has expired (exp)', options);
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'iss')
      return new JwtError('wrong_issuer', 'another issuer made the token (iss)', options);
    if (cause.claim === 'aud')
      return new JwtError('wrong_audience', 'the token is meant for somebody else (aud)', options);
    if (cause.claim === 'nbf')
      return new JwtError('not_yet_valid', 'the token is not valid yet (nbf)', options);
    return new JwtError('malformed', `the token's '${cause.claim}' is missing or wrong`, options);
  }
  if (cause instanceof errors.JWSSignatureVerificationFailed)
    return new JwtError('bad_signature', 'the signature does not verify', options);
  if (cause instanceof errors.JWTInvalid || cause instanceof errors.JWSInvalid)
    return new JwtError('malformed', 'the token can not be read', options);
  return new JwtError('unknown_key', 'the key that the token names can not be used', options);
}
