import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWK,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import type { App } from './apps.js';
import { OAuthError } from './errors.js';
import { ASSERTION_SECONDS_MAX } from './grants.js';
import { fetchJson } from './http/outbound.js';
import { readJwks } from './jwks.js';
import type { OktaOrg } from './org.js';
import type { SentenceId } from './wording.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
const SYMMETRIC = ['HS256', 'HS384', 'HS512'];
/** client_secret_jwt needs a secret at least as long as the hash of HS256. */
const HMAC_SECRET_MIN = 32;

const refused = (org: OktaOrg, id: SentenceId): OAuthError =>
  new OAuthError(401, 'invalid_client', org.say(id));

/** The client that an assertion claims to be, unverified: it only says whose keys to look up. */
export function clientOfAssertion(
  org: OktaOrg,
  form: URLSearchParams,
  assertion: string,
): string | undefined {
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw refused(org, 'assertion_type');
  return decode(org, assertion).payload.sub;
}

function decode(org: OktaOrg, jwt: string): { header: ProtectedHeaderParameters; payload: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(jwt), payload: decodeJwt(jwt) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      throw refused(org, 'assertion_malformed');
    throw error;
  }
}

/** Key sets fetched from `jwks_uri`; Okta keeps them too, and looks again when a kid is unknown. */
const fetched = new WeakMap<App, JWK[]>();

async function fetchKeys(app: App, uri: string): Promise<JWK[]> {
  const keys = readJwks(await fetchJson(uri));
  fetched.set(app, keys);
  return keys;
}

async function clientKeys(org: OktaOrg, app: App, kid: string | undefined): Promise<JWK[]> {
  const uri = app.jwksUri;
  if (uri === undefined) return app.jwks;
  const known = fetched.get(app);
  if (known?.some((key) => key.kid === kid) === true) return known;
  try {
    return await fetchKeys(app, uri);
  } catch {
    // The client's keys can't be had: for Okta's caller that is one more key that isn't known.
    throw refused(org, 'assertion_kid');
  }
}

/**
 * With more than one key the kid must name one; a single key needs no name, but may not be called something
 * else.
 */
function selectKey(org: OktaOrg, keys: readonly JWK[], kid: string | undefined): JWK {
  const [only] = keys;
  if (kid === undefined && keys.length === 1 && only !== undefined) return only;
  const named = kid === undefined ? undefined : keys.find((key) => key.kid === kid);
  if (named === undefined) throw refused(org, 'assertion_kid');
  return named;
}

async function verifySignature(
  jwt: string,
  key: Uint8Array | Awaited<ReturnType<typeof importJWK>>,
): Promise<boolean> {
  try {
    await compactVerify(jwt, key);
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}

async function checkSignature(
  org: OktaOrg,
  app: App,
  jwt: string,
  header: ProtectedHeaderParameters,
): Promise<void> {
  const alg = header.alg ?? '';
  if (app.authMethod === 'client_secret_jwt' && SYMMETRIC.includes(alg)) {
    const secrets = app.secrets.filter(({ status }) => status === 'ACTIVE');
    if (secrets.every(({ value }) => value.length < HMAC_SECRET_MIN)) throw refused(org, 'secret_too_short');
    const checks = secrets.map(({ value }) => verifySignature(jwt, new TextEncoder().encode(value)));
    if ((await Promise.all(checks)).includes(true)) return;
    throw refused(org, 'assertion_signature');
  }
  if (app.authMethod !== 'private_key_jwt') throw refused(org, 'authentication_failed');
  if (!ASYMMETRIC.includes(alg)) throw refused(org, 'assertion_alg');
  const jwk = selectKey(org, await clientKeys(org, app, header.kid), header.kid);
  if (!(await verifySignature(jwt, await importJWK(jwk, alg)))) throw refused(org, 'assertion_signature');
}

function checkTimes(org: OktaOrg, { exp, iat, nbf }: JWTPayload): void {
  const now = org.clock.now();
  if (typeof exp !== 'number' || exp <= now) throw refused(org, 'assertion_expired');
  if (exp > now + ASSERTION_SECONDS_MAX) throw refused(org, 'assertion_far');
  if ((iat ?? now) > now || (nbf ?? now) > now) throw refused(org, 'assertion_early');
}

interface AssertionCheck {
  readonly org: OktaOrg;
  readonly app: App;
  readonly assertion: string;
  readonly type: string | null;
  /** The address that was called; Okta takes no other audience, not even the issuer. */
  readonly audience: string;
}

/**
 * Checks a client assertion as Okta does (RFC 7523, with its own rules for `aud`, `exp` and `kid`). @throws
 * OAuthError
 */
export async function verifyAssertion({
  org,
  app,
  assertion,
  type,
  audience,
}: AssertionCheck): Promise<void> {
  if (type !== ASSERTION_TYPE) throw refused(org, 'assertion_type');
  const { header, payload } = decode(org, assertion);
  if (payload.iss !== app.clientId || payload.sub !== app.clientId) throw refused(org, 'assertion_subject');
  await checkSignature(org, app, assertion, header);
  if (payload.aud !== audience) throw refused(org, 'assertion_audience');
  checkTimes(org, payload);
  if (payload.jti !== undefined && !org.grants.useJti(app.clientId, payload.jti))
    throw refused(org, 'assertion_used');
}
